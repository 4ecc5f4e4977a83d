// The Durable Object that holds a store's logs. One at a time works on a name, so a create is atomic.

/** Storage returns at most so many values at once: they are all in memory. */
const PAGE = 500;

export class RotationLogs {
  #storage;

  constructor(state) {
    this.#storage = state.storage;
  }

  async fetch(request) {
    const { action, name, text } = await request.json();
    return Response.json({ result: await this.#act(action, name, text) });
  }

  async #act(action, name, text) {
    const storage = this.#storage;
    if (action === "get") return storage.get(name);
    if (action === "put") return storage.put(name, text);
    if (action === "delete") return storage.delete(name);
    if (action === "list") return this.#names(name);
    return storage.transaction(async (part) => {
      if ((await part.get(name)) !== undefined) return false;
      await part.put(name, text);
      return true;
    });
  }

  async #names(prefix) {
    const names = [];
    for (let page; page?.size !== 0; ) {
      page = await this.#storage.list({ prefix, limit: PAGE, ...(names.length > 0 && { startAfter: names.at(-1) }) });
      names.push(...page.keys());
    }
    return names;
  }
}
