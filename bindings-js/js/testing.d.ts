/**
 * For unit tests of programs that use `openrouter-keys`: a scripted `fetch` and
 * a clock that takes no time. No request leaves the process, and a pause of an
 * hour is over at once.
 *
 * ```js
 * import { OpenRouterKeys } from "openrouter-keys";
 * import { apiError, created, fakeFetch, virtualClock } from "openrouter-keys/testing";
 *
 * const clock = virtualClock();
 * const fetch = fakeFetch([apiError(429, "slow down", { headers: { "retry-after": "7" } }), created("sk-or-v1-new")], { clock });
 * const keys = new OpenRouterKeys({ apiKey: "sk-or-v1-test", fetch, clock });
 *
 * const { key } = await keys.create({ name: "ci", limit: 1 }); // at once, though it waits 7 s
 * assert.equal(key, "sk-or-v1-new");
 * assert.ok(clock.now() >= 7000); // `retry: { jitter: false }` makes pauses exact
 * assert.deepEqual(fetch.requests[1].json, { name: "ci", limit: 1 });
 * fetch.assertDone();
 * ```
 *
 * What a program does when a create is lost is worth a test of its own:
 *
 * ```js
 * const fetch = fakeFetch([disconnected()]);
 * const keys = new OpenRouterKeys({ apiKey: "sk-or-v1-test", fetch });
 * await assert.rejects(keys.create({ name: "ci", limit: 1 }), ({ mayHaveCreated }) => mayHaveCreated.name === "ci");
 * ```
 *
 * @packageDocumentation
 */

/** A clock for the client's option `clock`, and for {@link fakeFetch} so that replies can be late. */
export interface VirtualClock {
  /** Milliseconds since the clock was made. */
  now(): number;
  /** The time of day in milliseconds since 1970. */
  date(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /**
   * How long the pauses were, and the time limits that ran out, in the order in
   * which they ended. The delays of replies are not among them.
   */
  readonly pauses: number[];
  /** Lets so many milliseconds pass. What is due on the way happens in its order, before the promise resolves. */
  advance(ms: number): Promise<void>;
}

/** How a virtual clock goes. */
export interface VirtualClockOptions {
  /** The time of day when it begins, in milliseconds since 1970; the first of January 2030 by default. */
  startMs?: number | undefined;
  /**
   * Whether time jumps to the next timer as soon as nothing else happens; true
   * by default. Without it, time passes by `advance` alone: needed where the
   * program under test waits for something that the clock cannot see, such as a
   * file or a database.
   */
  autoAdvance?: boolean | undefined;
}

/** Makes a clock. */
export declare function virtualClock(options?: VirtualClockOptions): VirtualClock;

/** A request as it left. Its headers hold the API key: do not print them. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  /** Path and query, such as `/api/v1/keys?offset=100`. */
  readonly path: string;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** The body read as JSON, in the API's own names; `undefined` without a body. */
  readonly json: any;
  /** Aborted as soon as nobody waits for the response any more. */
  readonly signal: AbortSignal | undefined;
}

/** What a request meets: a response, or what `fetch` rejects with. */
export type Reply =
  | {
      status: number;
      headers?: Readonly<Record<string, string>> | Iterable<readonly [string, string]> | undefined;
      body?: string | Uint8Array | null | undefined;
      /** How long the response takes, by the clock of the fake fetch. */
      delayMs?: number | undefined;
      /** `true`: the body never ends; an error: it breaks off with it, after what `body` holds. */
      stalls?: true | Error | undefined;
    }
  | { rejects: unknown; delayMs?: number | undefined };

/** How late a reply is. */
export interface Delay {
  /** How long it takes, by the clock of the fake fetch. */
  delayMs?: number | undefined;
}

/** How late a reply is, and which headers it has beside its content type. */
export interface ReplyOptions extends Delay {
  headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * A `fetch` that answers from a script and remembers what it was asked. The code
 * of a rejection counts as it does of the runtime's own `fetch`.
 */
export interface FakeFetch {
  (url: string, init?: RequestInit): Promise<Response>;
  /** The requests so far. */
  readonly requests: readonly SeenRequest[];
  /** Throws if a reply was left over, or a request came that no reply was for. */
  assertDone(): void;
}

/** Replies in their order, or a function from a request to its reply. */
export type Script = Iterable<Reply> | ((request: SeenRequest) => Reply | Promise<Reply>);

/** What sets the timers of late replies. */
export interface FakeFetchOptions {
  /** The client's clock; real time by default. */
  clock?: Pick<VirtualClock, "setTimeout" | "clearTimeout"> | undefined;
}

/**
 * Makes a `fetch` for the client's option of that name.
 *
 * A request that no reply is left for fails with an error that says so, through the client
 * too, and so does {@link FakeFetch.assertDone}.
 */
export declare function fakeFetch(script: Script, options?: FakeFetchOptions): FakeFetch;

/** Any response with a JSON body, or with none. */
export declare function reply(status: number, json?: unknown, options?: ReplyOptions): Reply;

/** The response to a create: the secret, and a key with these fields, as the API writes them. */
export declare function created(secret: string, fields?: KeyFields, options?: ReplyOptions): Reply;

/**
 * The response to a list: one page, such as `listed([key({ name: "a" }), key({ name: "b" })])`.
 * In a script, the request behind a page of fewer than 100 keys gets what is left of
 * it, unless another `listed` follows.
 */
export declare function listed(keys: readonly unknown[], options?: ReplyOptions): Reply;

/** The response to a get and to an update: a key with these fields. */
export declare function found(fields?: KeyFields, options?: ReplyOptions): Reply;

/** The response to `getCurrentKeyMetadata`: the current key with these fields. */
export declare function current(fields?: CurrentKeyFields, options?: ReplyOptions): Reply;

/** The response to a delete. */
export declare function deleted(options?: ReplyOptions): Reply;

/** A response that is an error, such as `apiError(429, "slow down", { headers: { "retry-after": "7" } })`. */
export declare function apiError(
  status: number,
  message?: string,
  options?: ReplyOptions & { metadata?: unknown },
): Reply;

/** The connection breaks after the request was sent: a key may have been created. */
export declare function disconnected(options?: Delay): Reply;

/** Another name of {@link disconnected}. */
export declare function lost(options?: Delay): Reply;

/** Nobody listens: nothing was sent, and nothing created. */
export declare function refused(options?: Delay): Reply;

/** The body breaks off after what is given of it. */
export declare function truncated(status: number, body?: string, options?: ReplyOptions): Reply;

/** The body never ends after what is given of it; the call ends by a time limit or its signal. */
export declare function stalled(status: number, body?: string, options?: ReplyOptions): Reply;

/** `fetch` rejects with anything at all. */
export declare function rejection(value: unknown, options?: Delay): Reply;

/** No response ever comes; the call ends by a time limit or its signal. */
export declare function never(): Reply;

/** The fields of a key, by the API's own names (`limit_reset`, not `limitReset`). */
export type KeyField =
  | "hash"
  | "name"
  | "disabled"
  | "created_at"
  | "updated_at"
  | "last_used_at"
  | "external_user"
  | CommonField;

/** The fields of the current key, by the API's own names. */
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

/** Some of the fields, with any values at all: a test may want an odd one. */
export type KeyFields = { readonly [Name in KeyField]?: unknown };

/** Some of the fields, with any values at all: a test may want an odd one. */
export type CurrentKeyFields = { readonly [Name in CurrentKeyField]?: unknown };

/**
 * A key as the API writes it: every field is sound, hash and label are those of no other
 * key, and the given fields are as they are given. A field that no key has is refused;
 * `{ ...key(), newer: 1 }` adds one.
 */
export declare function key(fields?: KeyFields): { [Name in KeyField]: unknown };

/** The current key as the API writes it: every field is sound, and the given fields are as they are given. */
export declare function currentKey(fields?: CurrentKeyFields): { [Name in CurrentKeyField]: unknown };
