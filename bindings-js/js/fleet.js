// Rotates keys from many machines, which share a store. Without WebAssembly: the client that it
// is given has that.

export { RotationLogs } from "./fleet/durable_object.js";
export { durableObjectStore } from "./fleet/durable_object_store.js";
export { Delivery, entryBefore, releasedEntry, takeoverAfterMs } from "./fleet/entry.js";
export { memoryStore } from "./fleet/memory.js";
export { objectStore } from "./fleet/logs.js";
export { r2Store } from "./fleet/r2.js";
export { r2Sink } from "./fleet/r2_sink.js";
export { runFleet } from "./fleet/run.js";
export { s3Store } from "./fleet/s3.js";
export { NotStored, storedRotation } from "./fleet/stored.js";
