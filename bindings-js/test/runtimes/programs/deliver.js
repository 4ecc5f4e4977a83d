// A create in each of the situations: what the package says of it.

/** How long a create waits for a server that says nothing. */
const LIMIT_MS = 400;

/** What became of a create, by situation: whether a key may exist, and the error's code. */
export async function deliver(api, { situations, dangerouslyAllowBrowser }) {
  const outcomes = {};
  for (const [name, { baseUrl, lists, limit, aborts }] of Object.entries(situations)) {
    const keys = new api.OpenRouterKeys({ apiKey: "sk-or-v1-delivery", baseUrl, retry: false, dangerouslyAllowBrowser });
    // So that the create meets a connection that is there.
    if (lists) await keys.list().catch(() => {});
    const options = limit ? { timeoutMs: LIMIT_MS } : aborts ? { signal: AbortSignal.timeout(LIMIT_MS) } : {};
    outcomes[name] = await keys.create({ name: "delivery", limit: 1 }, options).then(
      () => ({ effect: "created" }),
      ({ effect, code, attempts, message, cause }) => ({ effect, code, attempts, text: `${message} <- ${cause?.message}` }),
    );
    keys.dispose();
  }
  return outcomes;
}
