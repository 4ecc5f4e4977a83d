// The mark of a fetch function that makes no request but the one that it is
// given: the code of its rejection can be about no other.

export const DIRECT = Symbol.for("openrouter-keys.fetch.direct");
