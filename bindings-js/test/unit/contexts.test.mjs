// Async contexts in Node; the other runtimes run the same checks.

import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";

import * as api from "../../npm/index.js";
import * as testing from "../../npm/testing.js";
import { contexts } from "../runtimes/contexts.js";

await contexts(api, testing, { AsyncLocalStorage, check: test });
