// The wire vectors that JavaScript cannot make or distinguish.

/** What JavaScript cannot express or see, how many vectors need it, and why. */
export const LEFT_OUT = [
  [({ responses = [] }) => responses.some(({ failure }) => ["proxy", "refused", "setup", "other_not_sent"].includes(failure)), 25, "no code of a rejection tells these apart from others"],
  [({ responses = [] }) => responses.some(({ status }) => status < 200 || status > 599), 10, "no Response has such a status"],
];

/** Deno resends an update or a delete by itself, so its last failure says nothing about the first. */
const isLeftOutInDeno = ({ operation, responses = [] }) =>
  ["update", "delete"].includes(operation) && responses.some(({ failure }) => ["dns", "connect", "connect_timeout", "tls"].includes(failure));

/** The other vectors. */
export const runnable = (vectors) =>
  vectors.filter((vector) => !LEFT_OUT.some(([isLeftOut]) => isLeftOut(vector)) && !("Deno" in globalThis && isLeftOutInDeno(vector)));
