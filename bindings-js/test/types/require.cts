// A Node CommonJS module, which gets the package's CommonJS.

import api = require("openrouter-keys");
import helpers = require("openrouter-keys/helpers");
import operations = require("openrouter-keys/operations");
import testing = require("openrouter-keys/testing");

const clock = testing.virtualClock();
const keys = new api.OpenRouterKeys({ apiKey: "…", fetch: testing.fakeFetch([testing.listed([])], { clock }), clock });
const page: Promise<api.Page> = keys.list();
const few = new operations.OpenRouterKeys({ apiKey: "…" });
few.get("…") satisfies api.Call<api.Key>;
const limit = (key: api.Key): number | null => key.limit;
// @ts-expect-error: a create needs a limit here too
keys.create({ name: "ci" });
helpers.NotFoundError satisfies typeof api.NotFoundError;
// @ts-expect-error: there is no default export
api.default;

export = { limit, page };
