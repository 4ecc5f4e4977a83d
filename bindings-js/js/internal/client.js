// The client.

import { brand, isBranded } from "./brand.js";
import {
  auditValues,
  callValues,
  createValues,
  findValues,
  handlerOf,
  kindValues,
  rotateValues,
  sweepValues,
} from "./check.js";
import { guarded, Operations, part, perform } from "./operations.js";
import { read } from "./own.js";

export class OpenRouterKeys extends Operations {
  createReconciled(params, options) {
    return work(this, "createReconciled", () => [createValues("createReconciled", params)], options);
  }

  ensure(params, options) {
    return work(this, "ensure", () => [createValues("ensure", params)], options);
  }

  sweep(params, options) {
    return work(this, "sweep", () => [sweepValues(params)], options);
  }

  rotate(params, handler, options) {
    const checked = () => {
      const values = rotateValues(params);
      return [values, asker(handlerOf(handler), values.leaseMs)];
    };
    return work(this, "rotate", checked, options);
  }

  findBySecret(params, options) {
    return work(this, "findBySecret", () => [findValues(params)], options);
  }

  checkKey(kind, options) {
    return work(this, "checkKey", () => [kindValues(kind)], options);
  }

  audit(params, options) {
    return work(this, "audit", () => [auditValues(params)], options);
  }

  temporary(params, options) {
    return guarded(this, "temporary", async () => {
      const values = createValues("temporary", params);
      const settings = callValues("temporary", options);
      const { data } = await perform(this, "temporary", values, { ...settings, close: closer(this, settings) });
      return data;
    });
  }
}

brand(OpenRouterKeys, "OpenRouterKeys");

function work(keys, workflow, arguments_, options) {
  return guarded(keys, workflow, async () => {
    const [values, ask] = arguments_();
    const { data } = await perform(keys, workflow, values, callValues(workflow, options), ask);
    return data;
  });
}

/** The signal that cancels creating does not cancel closing. */
function closer(keys, settings) {
  const own = { ...settings, signal: undefined };
  return (held, given) =>
    guarded(keys, "closeTemporary", async () => {
      await perform(keys, "closeTemporary", held, given === undefined ? own : callValues("closeTemporary", given));
    });
}

/** Passes the module's questions to the caller's functions. A `Stop` is returned in an array. */
function asker(handler, leaseMs) {
  return async (question, parts) => {
    try {
      const answer = await (question === "claim" ? read(handler, "claim")?.call(handler, leaseMs) : handler[question](part(parts)));
      if (question !== "wasHandedOver") return true;
      if (typeof answer === "boolean") return answer;
    } catch (thrown) {
      if (isBranded(thrown, "Stop")) return [thrown];
      throw thrown;
    }
    throw new TypeError("wasHandedOver must return true or false");
  };
}
