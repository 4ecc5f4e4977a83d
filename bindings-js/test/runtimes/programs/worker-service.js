// The scenario as a service of workerd.

import * as api from "openrouter-keys";

import { scenario } from "./scenario.js";

export default {
  async fetch(request) {
    return Response.json(await scenario(api, await request.json()));
  },
};
