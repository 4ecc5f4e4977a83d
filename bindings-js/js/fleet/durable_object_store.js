// A store in one Durable Object of the class `RotationLogs`.

import { objectStore } from "./logs.js";

export function durableObjectStore(namespace, { name: instance = "rotations", prefix } = {}) {
  async function act(action, name, text) {
    // A stub is of no use any more after an error.
    const stub = namespace.get(namespace.idFromName(instance));
    const response = await stub.fetch("https://rotations/", { method: "POST", body: JSON.stringify({ action, name, text }) });
    if (!response.ok) throw new Error(`the Durable Object returned ${response.status} to ${action} ${name}`);
    return (await response.json()).result;
  }
  return objectStore(
    {
      get: (name) => act("get", name),
      create: (name, text) => act("create", name, text),
      put: (name, text) => act("put", name, text),
      delete: (name) => act("delete", name),
      list: (prefix) => act("list", prefix),
    },
    prefix,
  );
}
