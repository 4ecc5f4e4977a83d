// A store in memory, for tests.

import { objectStore } from "./logs.js";

export function memoryStore() {
  const all = new Map();
  return objectStore({
    get: async (name) => all.get(name),
    list: async (prefix) => [...all.keys()].filter((name) => name.startsWith(prefix)),
    async put(name, text) {
      all.set(name, text);
    },
    delete: async (name) => all.delete(name),
    async create(name, text) {
      if (all.has(name)) return false;
      all.set(name, text);
      return true;
    },
  });
}
