// A Node ES module, which gets the package's ES module.

import * as api from "openrouter-keys";
import { type Key, OpenRouterKeys } from "openrouter-keys";
import * as operations from "openrouter-keys/operations";
import { NotFoundError, toDate } from "openrouter-keys/helpers";
import { fakeFetch, listed, virtualClock } from "openrouter-keys/testing";

const clock = virtualClock();
const keys = new OpenRouterKeys({ apiKey: "…", fetch: fakeFetch([listed([])], { clock }), clock });
const all: Key[] = await keys.listAll().toArray();
for await (const { limit } of keys.listAll()) limit satisfies number | null;
// A client without workflows.
const few = new operations.OpenRouterKeys({ apiKey: "…" });
few.list() satisfies operations.Call<operations.Page>;
const some: Key[] = await few.listAll().toArray();
keys satisfies operations.OpenRouterKeys;
// @ts-expect-error: it has no workflows
few.rotate;
// @ts-expect-error: it is not the client with workflows
few satisfies OpenRouterKeys;
// Both entries have the same classes.
NotFoundError satisfies typeof api.NotFoundError;
toDate("2030-01-01T00:00:00Z") satisfies Date;
const listing = keys.listAll();
await listing.throw(new Error()).catch(() => {});
await listing[Symbol.asyncDispose]();
new OpenRouterKeys({ apiKey: "…", baseUrl: new URL("https://gateway.example") });
// @ts-expect-error: there is no default export
api.default;
// @ts-expect-error: the package's internals are not exported
import("openrouter-keys/client.js");

export { all, some };
