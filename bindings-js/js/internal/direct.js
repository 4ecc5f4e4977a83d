// Marks a fetch function that makes no other request, so that the code of its
// rejection is about this one.

export const DIRECT = Symbol.for("openrouter-keys.fetch.direct");
