// Reads and writes properties as if nothing had been added to `Object.prototype`.

/** Whether this is an `Object.prototype`, from any realm. */
const isRoot = (object) => Object.getPrototypeOf(object) === null && Object.hasOwn(object, "isPrototypeOf");

/** The property of the object or its class; `undefined` if only an `Object.prototype` has it. */
export function read(object, name) {
  // A proxy can be its own prototype.
  for (let holder = object, depth = 0; holder !== null && holder !== undefined && depth < 50; holder = Object.getPrototypeOf(holder), depth++) {
    if (Object.hasOwn(holder, name)) return holder !== object && isRoot(holder) ? undefined : object[name];
  }
  // A proxy may have what it does not list.
  return object[name];
}

/** Defines an own property: an assignment would call an inherited setter. */
export function put(object, name, value, enumerable = true) {
  return Object.defineProperty(object, name, { __proto__: null, value, enumerable, writable: true, configurable: true });
}

/** Leaves out `undefined` values. */
export function putAll(object, fields) {
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) put(object, name, value);
  }
  return object;
}
