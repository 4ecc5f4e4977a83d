// A create in each situation: what the package reports.

/** How long a create waits for a server that sends nothing. */
const LIMIT_MS = 400;

/** The outcome of a create by situation: whether a key may exist, and the error's code. */
export async function deliver(api, { situations, dangerouslyAllowBrowser }) {
  const outcomes = {};
  for (const [name, { baseUrl, lists, limit, aborts }] of Object.entries(situations)) {
    const keys = new api.OpenRouterKeys({ apiKey: "sk-or-v1-delivery", baseUrl, retry: false, dangerouslyAllowBrowser });
    // So that the create uses an existing connection.
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
