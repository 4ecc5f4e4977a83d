/**
 * For unit tests of programs that use `openrouter-keys`: a scripted `fetch` and
 * a virtual clock. No request leaves the process, and a pause of an hour takes
 * no time.
 *
 * ```js
 * import { OpenRouterKeys } from "openrouter-keys";
 * import { apiError, created, fakeFetch, virtualClock } from "openrouter-keys/testing";
 *
 * const clock = virtualClock();
 * const fetch = fakeFetch([apiError(429, "slow down", { headers: { "retry-after": "7" } }), created("sk-or-v1-new")], { clock });
 * const keys = new OpenRouterKeys({ apiKey: "sk-or-v1-test", fetch, clock });
 *
 * const { key } = await keys.create({ name: "ci", limit: 1 }); // returns at once, although it waits 7 s
 * assert.equal(key, "sk-or-v1-new");
 * assert.ok(clock.now() >= 7000); // `retry: { jitter: false }` makes pauses exact
 * assert.deepEqual(fetch.requests[1].json, { name: "ci", limit: 1 });
 * fetch.assertDone();
 * ```
 *
 * Test what your program does when a create is lost:
 *
 * ```js
 * const fetch = fakeFetch([disconnected()]);
 * const keys = new OpenRouterKeys({ apiKey: "sk-or-v1-test", fetch });
 * await assert.rejects(keys.create({ name: "ci", limit: 1 }), ({ mayHaveCreated }) => mayHaveCreated.name === "ci");
 * ```
 *
 * @packageDocumentation
 */

/** A clock for the client's option `clock`, and for {@link fakeFetch} to delay replies by. */
export interface VirtualClock {
  /** Milliseconds since the clock was created. */
  now(): number;
  /** The time of day in milliseconds since 1970. */
  date(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /**
   * The lengths of the pauses, and of the time limits that ran out, in the order in
   * which they ended. Delays of replies are not included.
   */
  readonly pauses: number[];
  /** Lets this many milliseconds pass. Timers that are due fire in order before the promise resolves. */
  advance(ms: number): Promise<void>;
}

/** The options of a virtual clock. */
export interface VirtualClockOptions {
  /** The time of day at which it starts, in milliseconds since 1970; 1 January 2030 by default. */
  startMs?: number | undefined;
  /**
   * Whether time jumps to the next timer as soon as nothing else happens; true by
   * default. If false, only `advance` makes time pass: needed if the program under
   * test waits for something that the clock cannot see, such as a file or a database.
   */
  autoAdvance?: boolean | undefined;
}

/** Creates a clock. */
export declare function virtualClock(options?: VirtualClockOptions): VirtualClock;

/** A request as it was sent. Its headers contain the API key: do not print them. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  /** Path and query, such as `/api/v1/keys?offset=100`. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** The body parsed as JSON, with the API's names; `undefined` without a body. */
  readonly json: any;
  /** Aborted as soon as the response is no longer awaited. */
  readonly signal: AbortSignal | undefined;
}

/** The outcome of a request: a response, or the value that `fetch` rejects with. */
export type Reply =
  | {
      status: number;
      headers?: Readonly<Record<string, string>> | Iterable<readonly [string, string]> | undefined;
      body?: string | Uint8Array | null | undefined;
      /** How long the response takes, by the fake fetch's clock. */
      delayMs?: number | undefined;
      /** After `body`: if `true`, the body stalls; if an error, it breaks off with that. */
      stalls?: true | Error | undefined;
    }
  | { rejects: unknown; delayMs?: number | undefined };

/** How long to delay a reply. */
export interface Delay {
  /** In milliseconds, by the fake fetch's clock. */
  delayMs?: number | undefined;
}

/** How long to delay a reply, and its headers besides the content type. */
export interface ReplyOptions extends Delay {
  headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * A `fetch` that replies from a script and records its requests. The code of a
 * rejection counts as it would from the runtime's `fetch`.
 */
export interface FakeFetch {
  (url: string, init?: RequestInit): Promise<Response>;
  /** The requests so far. */
  readonly requests: readonly SeenRequest[];
  /** Throws if a reply was left over, or a request had no reply. */
  assertDone(): void;
}

/** Replies in order, or a function from a request to its reply. */
export type Script = Iterable<Reply> | ((request: SeenRequest) => Reply | Promise<Reply>);

/** The options of a fake fetch. */
export interface FakeFetchOptions {
  /** The clock for delayed replies, usually the client's; real time by default. */
  clock?: Pick<VirtualClock, "setTimeout" | "clearTimeout"> | undefined;
}

/**
 * Creates a `fetch` for the client's option of that name.
 *
 * A request without a reply fails with an error that says so, which the client passes
 * on; {@link FakeFetch.assertDone} then throws too.
 */
export declare function fakeFetch(script: Script, options?: FakeFetchOptions): FakeFetch;

/** Any response, with or without a JSON body. */
export declare function reply(status: number, json?: unknown, options?: ReplyOptions): Reply;

/** The response to a create: the secret, and a key with these fields, by the API's names. */
export declare function created(secret: string, fields?: KeyFields, options?: ReplyOptions): Reply;

/**
 * The response to a list: one page, such as `listed([key({ name: "a" }), key({ name: "b" })])`.
 * In a script, the request after a page of fewer than 100 keys gets the rest of that
 * page, unless another `listed` follows.
 */
export declare function listed(keys: readonly unknown[], options?: ReplyOptions): Reply;

/** The response to a get and to an update: a key with these fields. */
export declare function found(fields?: KeyFields, options?: ReplyOptions): Reply;

/** The response to `getCurrentKeyMetadata`: the current key with these fields. */
export declare function current(fields?: CurrentKeyFields, options?: ReplyOptions): Reply;

/** The response to a delete. */
export declare function deleted(options?: ReplyOptions): Reply;

/** An error response, such as `apiError(429, "slow down", { headers: { "retry-after": "7" } })`. */
export declare function apiError(
  status: number,
  message?: string,
  options?: ReplyOptions & { metadata?: unknown },
): Reply;

/** The connection breaks after the request was sent: a key may have been created. */
export declare function disconnected(options?: Delay): Reply;

/** Another name for {@link disconnected}. */
export declare function lost(options?: Delay): Reply;

/** The connection is refused: nothing was sent, and nothing created. */
export declare function refused(options?: Delay): Reply;

/** The body breaks off after the given part. */
export declare function truncated(status: number, body?: string, options?: ReplyOptions): Reply;

/** The body stalls after the given part; the call ends by a time limit or its signal. */
export declare function stalled(status: number, body?: string, options?: ReplyOptions): Reply;

/** `fetch` rejects with anything at all. */
export declare function rejection(value: unknown, options?: Delay): Reply;

/** No response ever comes; the call ends by a time limit or its signal. */
export declare function never(): Reply;

/** The fields of a key, by the API's names (`limit_reset`, not `limitReset`). */
export type KeyField =
  | "hash"
  | "name"
  | "disabled"
  | "created_at"
  | "updated_at"
  | "last_used_at"
  | "external_user"
  | CommonField;

/** The fields of the current key, by the API's names. */
export type CurrentKeyField =
  | "is_free_tier"
  | "is_management_key"
  | "is_provisioning_key"
  | "organization_id"
  | "rate_limit"
  | "allowed_data_regions"
  | "free_model_daily_requests"
  | "budgets"
  | "effective_budget"
  | CommonField;

/** The fields that a key and the current key have in common. */
export type CommonField =
  | "label"
  | "limit"
  | "limit_remaining"
  | "limit_reset"
  | "include_byok_in_limit"
  | "usage"
  | "usage_daily"
  | "usage_weekly"
  | "usage_monthly"
  | "byok_usage"
  | "byok_usage_daily"
  | "byok_usage_weekly"
  | "byok_usage_monthly"
  | "expires_at"
  | "creator_user_id"
  | "workspace_id";

/** Some of the fields, with any values: a test may need an unexpected one. */
export type KeyFields = { readonly [Name in KeyField]?: unknown };

/** Some of the fields, with any values: a test may need an unexpected one. */
export type CurrentKeyFields = { readonly [Name in CurrentKeyField]?: unknown };

/**
 * A key as the API writes it: all fields are valid, hash and label are unique, and the
 * given fields are as given. A field that no key has is refused; `{ ...key(), newer: 1 }`
 * adds one.
 */
export declare function key(fields?: KeyFields): { [Name in KeyField]: unknown };

/** The current key as the API writes it: all fields are valid, and the given fields are as given. */
export declare function currentKey(fields?: CurrentKeyFields): { [Name in CurrentKeyField]: unknown };
