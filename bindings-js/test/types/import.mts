// A module of Node's, which gets the package's module.

import * as api from "openrouter-keys";
import { type Key, OpenRouterKeys } from "openrouter-keys";
import { fakeFetch, listed, virtualClock } from "openrouter-keys/testing";

const clock = virtualClock();
const keys = new OpenRouterKeys({ apiKey: "…", fetch: fakeFetch([listed([])], { clock }), clock });
const all: Key[] = await keys.listAll().toArray();
for await (const { limit } of keys.listAll()) limit satisfies number | null;
// @ts-expect-error: there is no default export
api.default;
// @ts-expect-error: the inside of the package is closed
import("openrouter-keys/client.js");

export { all };
