// Properties, read and written as if nobody had added any to `Object.prototype`.

/** Whether this is an `Object.prototype`, of whatever realm. */
const isRoot = (object) => Object.getPrototypeOf(object) === null && Object.hasOwn(object, "isPrototypeOf");

/** The property, of the object itself or of its class; `undefined` if only an `Object.prototype` has it. */
export function read(object, name) {
  // A proxy can be its own prototype.
  for (let holder = object, depth = 0; holder !== null && holder !== undefined && depth < 50; holder = Object.getPrototypeOf(holder), depth++) {
    if (Object.hasOwn(holder, name)) return holder !== object && isRoot(holder) ? undefined : object[name];
  }
  // Of a proxy, perhaps, which has what it does not list.
  return object[name];
}

/** Makes a property of the object's own. An assignment would call a setter that it inherits. */
export function put(object, name, value, enumerable = true) {
  return Object.defineProperty(object, name, { __proto__: null, value, enumerable, writable: true, configurable: true });
}

/** What is `undefined` is left out, so that printing shows what is there. */
export function putAll(object, fields) {
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) put(object, name, value);
  }
  return object;
}
