// Whether other people can read this program's memory.

import { read } from "./own.js";

export function isBrowser() {
  const own = (name) => read(globalThis, name);
  const isPage = own("window")?.document !== undefined;
  // Servers have workers too; only browsers call themselves Mozilla.
  const isWorker =
    typeof own("WorkerGlobalScope") === "function" &&
    globalThis instanceof WorkerGlobalScope &&
    /^Mozilla\//.test(own("navigator")?.userAgent ?? "");
  return isPage || isWorker;
}

export const WHY_NOT_IN_A_BROWSER =
  "a management key does not belong in a browser: anyone who opens the page can read it, create keys and spend the " +
  "account's money. Keep it on a server, and have the page call that server. If nobody else can open this page, pass " +
  "dangerouslyAllowBrowser: true";
