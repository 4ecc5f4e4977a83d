// The checks as a workerd service.

import { AsyncLocalStorage } from "node:async_hooks";

import * as api from "openrouter-keys";
import * as operations from "openrouter-keys/operations";
import * as testing from "openrouter-keys/testing";

import { checks } from "./checks.js";

export default {
  async fetch(request) {
    return Response.json(await checks(api, operations, testing, { ...(await request.json()), AsyncLocalStorage }));
  },
};
