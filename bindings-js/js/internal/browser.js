// Whether this is a place where other people can read the memory.

import { read } from "./own.js";

export function isBrowser() {
  const own = (name) => read(globalThis, name);
  const isPage = own("window")?.document !== undefined;
  // Servers have workers too; only a browser says that it is Mozilla.
  const isWorker =
    typeof own("WorkerGlobalScope") === "function" &&
    globalThis instanceof WorkerGlobalScope &&
    /^Mozilla\//.test(own("navigator")?.userAgent ?? "");
  return isPage || isWorker;
}

export const WHY_NOT_IN_A_BROWSER =
  "a management key does not belong in a browser: whoever opens the page can read it, make keys and spend the " +
  "account's money. Keep it on a server and let the page ask that server. If nobody else can open this page, say " +
  "dangerouslyAllowBrowser: true";
