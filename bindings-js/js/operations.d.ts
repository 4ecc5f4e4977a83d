/**
 * The six operations and the listing, in a module without the workflows, for pages and Workers
 * that load less.
 *
 * ```js
 * import { OpenRouterKeys } from "openrouter-keys/operations";
 *
 * const keys = new OpenRouterKeys({ apiKey: env.OPENROUTER_MANAGEMENT_KEY });
 * for await (const key of keys.listAll()) console.log(key.name, key.usage);
 * ```
 *
 * What it has is as in `openrouter-keys`, so that a program which needs a workflow later only changes
 * its import.
 *
 * @packageDocumentation
 */

import type { ClientOptions, OpenRouterKeys as Everything } from "./index.js";

export type {
  ApiRequest,
  Budget,
  BudgetScope,
  CallOptions,
  ClientOptions,
  Clock,
  CreateParams,
  CurrentKey,
  DataRegion,
  Deleted,
  Drift,
  ErrorCode,
  External,
  Fetch,
  FreeModelRequests,
  HeadersOption,
  Key,
  KeyKind,
  KeyListing,
  LimitReset,
  ListAllOptions,
  ListAllParams,
  ListParams,
  MayHaveCreated,
  Page,
  Progress,
  QueryValue,
  RateLimit,
  RateLimitNote,
  RetryOptions,
  Timestamp,
  Unreadable,
  UpdateParams,
} from "./index.js";
export { Call, Created, ResponseInfo } from "./index.js";
export * from "./helpers.js";

/** A client without workflows. Its methods are those of `OpenRouterKeys` in `openrouter-keys`. */
export interface OpenRouterKeys
  extends Pick<
    Everything,
    | "baseUrl"
    | "list"
    | "listAll"
    | "create"
    | "get"
    | "update"
    | "delete"
    | "getCurrentKeyMetadata"
    | "request"
    | "dispose"
    | typeof Symbol.dispose
  > {}

export declare class OpenRouterKeys {
  /**
   * Creates a client.
   *
   * @throws {InvalidArgumentError} if an option is refused; the error shows no part of a key.
   */
  constructor(options: ClientOptions);
}
