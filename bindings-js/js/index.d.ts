/**
 * Manages OpenRouter API keys: nothing lost, nothing doubled, nothing leaked.
 *
 * ```js
 * import { OpenRouterKeys } from "openrouter-keys";
 *
 * const keys = new OpenRouterKeys({ apiKey: process.env.OPENROUTER_MANAGEMENT_KEY });
 * const created = await keys.create({ name: "Customer 42", limit: 25, limitReset: "monthly" });
 * await vault.store(created.key); // shown once, here, and never again
 * ```
 *
 * Times are in milliseconds, money in US dollars of OpenRouter credit, and
 * timestamps are RFC 3339 strings, which {@link toDate} turns into a `Date`.
 *
 * @packageDocumentation
 */

/** A request to an endpoint that has no method here: see {@link OpenRouterKeys.request}. */
export interface ApiRequest {
  /** `GET` by default. */
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** The path below the base URL, such as `/credits`: percent-encoded where needed, without a query, `.` or `..`. */
  path: string;
  /** Query parameters, encoded for you; an array repeats its name. */
  query?: Readonly<Record<string, QueryValue | readonly QueryValue[]>> | Iterable<readonly [string, string]>;
  /** Sent as JSON; not with `GET`. NaN and infinities, which JSON would turn into `null`, are refused. */
  body?: unknown;
  /**
   * Whether repeating the request changes nothing more, so that it may be resent when its
   * outcome is unknown. `true` by default for GET, PUT and DELETE, `false` for POST and PATCH.
   */
  idempotent?: boolean;
}

/** The value of a query parameter; `undefined` leaves it out. */
export type QueryValue = string | number | boolean | undefined;

/** How often a limit resets, at midnight UTC. Other strings are sent and kept as they are. */
export type LimitReset = "daily" | "weekly" | "monthly" | (string & {});

/** Who or what a {@link Budget} applies to. Other strings are kept as received. */
export type BudgetScope =
  | "workspace_default_member"
  | "workspace_default_key"
  | "member"
  | "api_key"
  | "workspace"
  | "key_limit"
  | (string & {});

/** Where data may be processed. Other strings are kept as received. */
export type DataRegion = "global" | "europe" | "us" | (string & {});

/** An RFC 3339 timestamp such as `2027-01-31T12:00:00Z`. */
export type Timestamp = string;

/** Fields that any object of a response may have besides its documented ones. */
export interface Drift {
  /** The fields that this version does not know, by the API's names. Absent if there are none. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /**
   * Documented fields whose value is not of the documented type, as received,
   * by their names here. The field itself is then `undefined`. Absent if there
   * are none.
   */
  readonly unexpected?: Readonly<Record<string, unknown>>;
}

/**
 * An API key, without its secret.
 *
 * The API adds and drops fields over time, so any of them can be `undefined`.
 * `null` comes from the server; for `limit` it means *unlimited*.
 */
export interface Key extends Drift {
  /** Identifies the key in get, update and delete. */
  readonly hash: string;
  /** The key's name; several keys may share one. */
  readonly name: string;
  /** The masked key, such as `sk-or-v1-0e6...1c96`. */
  readonly label: string;
  /** Whether the key is disabled. */
  readonly disabled: boolean;
  /** The spending limit in US dollars; `null` means no limit. */
  readonly limit: number | null;
  /** What is left of the limit; `null` without a limit. */
  readonly limitRemaining: number | null;
  /** How often the limit resets; `null` means never. */
  readonly limitReset: LimitReset | null;
  /** Whether spending with your own provider keys (BYOK) counts against the limit. */
  readonly includeByokInLimit: boolean;
  /** Credit spent so far. */
  readonly usage: number;
  /** Credit spent since midnight UTC. */
  readonly usageDaily: number;
  /** Credit spent since Monday, midnight UTC. */
  readonly usageWeekly: number;
  /** Credit spent since the first of the month, midnight UTC. */
  readonly usageMonthly: number;
  /** BYOK spending so far. */
  readonly byokUsage: number;
  /** BYOK spending since midnight UTC. */
  readonly byokUsageDaily: number;
  /** BYOK spending since Monday, midnight UTC. */
  readonly byokUsageWeekly: number;
  /** BYOK spending since the first of the month, midnight UTC. */
  readonly byokUsageMonthly: number;
  /** When the key was created. */
  readonly createdAt: Timestamp;
  /** When the key was last changed; `null` if never. */
  readonly updatedAt: Timestamp | null;
  /** When the key stops working; `null` if never. */
  readonly expiresAt?: Timestamp | null;
  /** When the key was last used; `null` if no use was recorded since the end of 2025. Such a key may have been used before. */
  readonly lastUsedAt?: Timestamp | null;
  /** The member of the organisation who created the key. */
  readonly creatorUserId?: string | null;
  /** The workspace that the key belongs to. */
  readonly workspaceId?: string;
  /** The partner's user for whom the key was created. */
  readonly externalUser?: string | null;
}

/** Metadata about the key that a request was made with. */
export interface CurrentKey extends Drift {
  /** The masked key, such as `sk-or-v1-0e6...1c96`. */
  readonly label: string;
  /** The spending limit in US dollars; `null` means no limit. */
  readonly limit: number | null;
  /** What is left of the limit; `null` without a limit. */
  readonly limitRemaining: number | null;
  /** How often the limit resets; `null` means never. */
  readonly limitReset: LimitReset | null;
  /** Whether BYOK spending counts against the limit. */
  readonly includeByokInLimit: boolean;
  /** Credit spent so far. */
  readonly usage: number;
  /** Credit spent since midnight UTC. */
  readonly usageDaily: number;
  /** Credit spent since Monday, midnight UTC. */
  readonly usageWeekly: number;
  /** Credit spent since the first of the month, midnight UTC. */
  readonly usageMonthly: number;
  /** BYOK spending so far. */
  readonly byokUsage: number;
  /** BYOK spending since midnight UTC. */
  readonly byokUsageDaily: number;
  /** BYOK spending since Monday, midnight UTC. */
  readonly byokUsageWeekly: number;
  /** BYOK spending since the first of the month, midnight UTC. */
  readonly byokUsageMonthly: number;
  /** When the key stops working; `null` if never. */
  readonly expiresAt?: Timestamp | null;
  /** Whether the account has never bought credit. */
  readonly isFreeTier: boolean;
  /** Whether the key manages keys; such a key cannot run inference. */
  readonly isManagementKey?: boolean;
  /** The older name of `isManagementKey`. */
  readonly isProvisioningKey?: boolean;
  /** The member of the organisation who created the key. */
  readonly creatorUserId?: string | null;
  /** The organisation that the key belongs to. */
  readonly organizationId?: string | null;
  /** The workspace that the key belongs to. */
  readonly workspaceId?: string | null;
  /** A rate limit that is no longer applied. */
  readonly rateLimit?: RateLimitNote;
  /** Where the key's data may be processed. */
  readonly allowedDataRegions?: readonly DataRegion[];
  /** The daily allowance of requests to free models. */
  readonly freeModelDailyRequests?: FreeModelRequests;
  /** Every budget that applies to the key. */
  readonly budgets?: readonly Budget[];
  /** The budget that will stop the key first; `null` if none will. */
  readonly effectiveBudget?: Budget | null;
}

/** A legacy note about a rate limit. */
export interface RateLimitNote extends Drift {
  /** How many requests are allowed per interval; −1 means no limit. */
  readonly requests: number;
  /** The interval, such as `10s`. */
  readonly interval: string;
  /** What the API says about it. */
  readonly note: string;
}

/** The daily allowance of requests to free models. */
export interface FreeModelRequests extends Drift {
  /** Requests allowed per day. */
  readonly limit: number;
  /** Requests left today. */
  readonly remaining: number;
  /** Requests made today. */
  readonly used: number;
}

/** A budget that limits what a key can spend. */
export interface Budget extends Drift {
  /** Who or what it applies to. */
  readonly scope: BudgetScope;
  /** The budget in US dollars. */
  readonly limitUsd: number;
  /** What has been spent of it. */
  readonly spendUsd: number;
  /** What is left of it. */
  readonly remainingUsd: number;
  /** How often it resets; `null` means never. */
  readonly resetInterval: LimitReset | null;
  /** When it next resets; `null` if never. */
  readonly resetsAt: Timestamp | null;
  /** Whether BYOK spending counts. */
  readonly includeByok: boolean;
  /** The budget's id. */
  readonly budgetId: string | null;
  /** The guardrail that sets the budget. */
  readonly guardrailId: string | null;
}

/** One page of keys, newest first. */
export interface Page {
  /** At most 100 keys. */
  readonly data: readonly Key[];
  /** Rows that are not objects, as received. Absent if there are none. */
  readonly unexpectedRows?: readonly unknown[];
  /** Fields besides `data` that this version does not know. Absent if there are none. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A created key, with its secret. */
export declare class Created {
  protected constructor();
  /**
   * The secret. The API shows it once, here, and never again: store it now.
   *
   * A getter of the prototype, so nothing that prints, copies or serializes the
   * object shows it.
   */
  get key(): string;
  /** The key's metadata: always an object, empty if the server sent none that is readable. */
  readonly data: Key;
  /** What was wrong with the metadata, if anything. The secret is valid all the same. */
  readonly problem?: Unreadable;
  /** The documented field `data` as received, if it was not an object. */
  readonly unexpected?: Readonly<Record<string, unknown>>;
  /** Fields besides `key` and `data` that this version does not know. Absent if there are none. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/**
 * A key that lives until it is closed or expires.
 *
 * ```js
 * await using key = await keys.temporary({ name: "ci", limit: 1, lifetimeMs: 3_600_000 });
 * await runTests(key.key);
 * ```
 *
 * Where `await using` is not available, call `close()` in a `finally` block. A key
 * that is never closed lives until it expires; `sweep({ temporary: true })` then
 * deletes it.
 */
export declare class TemporaryKey extends Created {
  private constructor();
  /** The key's name with its marker. */
  readonly name: string;
  /** When the key expires, as requested. */
  readonly expiresAt: Timestamp;
  /** Keys of this call whose responses were lost; they were found and deleted. */
  readonly swept: readonly Key[];
  /** Names under which a key may still appear. `close` looks for them once more. */
  readonly unconfirmed: readonly string[];
  /**
   * Deletes the key, by its hash or else by its marked name, and any keys that have
   * appeared under the unconfirmed names. A key that is already gone counts as closed.
   * Closing twice does nothing; closing after a failure tries again.
   *
   * By default it uses the options of the `temporary` call, without its `signal`. Do not
   * dispose of the client first. An error's `mayHaveCreated` has the name and the hash of
   * the key that is left, which stops working when it expires.
   */
  close(options?: CallOptions): Promise<void>;
  /** The same, for `await using`; under `Symbol.for("Symbol.asyncDispose")` where the runtime lacks the symbol. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where and why a body cannot be read. It quotes none of the body. */
export interface Unreadable {
  /** Where, as a path such as `$.data`. */
  readonly path: string;
  /** Why. */
  readonly kind: "empty" | "syntax" | "truncated" | "missing" | "wrong_type" | "not_confirmed" | "encoded" | (string & {});
}

/** The server confirmed that the key is gone. */
export interface Deleted {
  readonly deleted: true;
  /**
   * Whether a retry found the key already gone, because the response to this call's
   * earlier attempt was lost.
   */
  readonly alreadyGone: boolean;
}

/** Which keys to list. */
export interface ListParams {
  /** Whether to include disabled keys. */
  includeDisabled?: boolean | undefined;
  /** Whether to include expired keys. */
  includeExpired?: boolean | undefined;
  /** How many keys to skip: a whole number, 0 or more. */
  offset?: number | undefined;
  /** The workspace (a UUID) instead of the default one. */
  workspaceId?: string | undefined;
}

/** Which keys to list from all pages, and how. */
export interface ListAllParams extends ListParams {
  /**
   * Stops at the first page of fewer than 100 keys, which saves the last request; false by
   * default. If a server or gateway filters its pages, keys after a short page are then
   * missed without an error.
   */
  stopAtShortPage?: boolean | undefined;
  /** `false` is the same as `stopAtShortPage: true`. */
  exhaustive?: boolean | undefined;
  /**
   * How many pages to request at once: 1 by default, 64 at most. More make a long listing
   * over a slow link faster, and request up to that many pages too many at its end.
   */
  prefetch?: number | undefined;
  /**
   * How many requests the listing may take, at least 1; 10000 by default, for about 990,000
   * keys. Needing more, or pages that contain far more than they should, is a
   * {@link TooManyPagesError}.
   */
  maxRequests?: number | undefined;
  /** The workspaces (UUIDs) to list one after another, instead of `workspaceId`. */
  workspaceIds?: readonly string[] | undefined;
}

/** The progress of a listing. */
export interface Progress {
  /** Pages requested so far. */
  readonly requests: number;
  /** Pages received so far. */
  readonly pages: number;
  /** Keys found so far. */
  readonly keys: number;
}

/** The key to create. */
export interface CreateParams {
  /** At least one character. */
  name: string;
  /**
   * The spending limit in US dollars, 0 or more. A key without a limit must be
   * requested explicitly: `null`.
   */
  limit: number | null;
  /** How often the limit resets; never, by default. */
  limitReset?: LimitReset | null | undefined;
  /** Whether BYOK spending counts against the limit. */
  includeByokInLimit?: boolean | undefined;
  /** When the key stops working; never, by default. Any UTC offset; it is sent in UTC. */
  expiresAt?: Timestamp | Date | null | undefined;
  /** The workspace (a UUID) instead of the default one. */
  workspaceId?: string | undefined;
  /** The member of the organisation for whom the key is created. */
  creatorUserId?: string | null | undefined;
  /** A partner's identity. */
  external?: External | undefined;
}

/** How much a workflow may list. */
export interface ListingParams {
  /**
   * How many requests each of its listings may take, at least 1; 10000 by default. Needing
   * more, or pages with far more rows or bytes than they should have, is a
   * {@link TooManyPagesError}.
   */
  maxRequests?: number | undefined;
}

/** The key that `createReconciled` creates. */
export interface CreateReconciledParams extends CreateParams, ListingParams {}

/** The key to ensure. */
export interface EnsureParams extends CreateParams, ListingParams {
  /** How often the limit resets; `null` means never, for an existing key too. Unchanged unless given. */
  limitReset?: LimitReset | null | undefined;
  /** Disables or enables an existing key. Unchanged unless given. */
  disabled?: boolean | undefined;
  /** Which key to use if several have the name: none, which is an error and the default, or the newest. */
  onDuplicate?: "refuse" | "newest" | undefined;
  /**
   * How long to wait after a create before looking for a rival; 5000 by default.
   * Must exceed both the listing's lag and the granularity of creation times.
   */
  settleMs?: number | undefined;
}

/** The temporary key to create. It has a lifetime instead of `expiresAt`. */
export interface TemporaryParams extends Omit<CreateParams, "expiresAt">, ListingParams {
  /**
   * How long the key lives from when it is requested, more than 0. The API then stops
   * the key, unless it was closed earlier. By this machine's clock, rounded up to a
   * whole second.
   */
  lifetimeMs: number;
}

/** Which keys to sweep: those with certain names, or the temporary ones that have expired. */
export type SweepParams = (
  | {
      /** The exact names, each with a marker. */
      names: readonly string[];
      temporary?: undefined;
    }
  | {
      /** Every temporary key, whoever created it, whose `expiresAt` is past by the server's clock. */
      temporary: true;
      names?: undefined;
    }
) & ListingParams & {
  /** The workspaces (UUIDs) to sweep instead of the default one. */
  workspaceIds?: readonly string[] | undefined;
};

/** What an audit looks for. A day is 24 hours. */
export interface AuditParams extends ListingParams {
  /** The share of its limit, from 0 to 1, from which a key counts as near it; 0.8 by default. */
  nearLimit?: number | undefined;
  /** After how many days without a request a key counts as unused; 90 by default. */
  unusedForDays?: number | undefined;
  /** How many days before its expiry a key counts as about to expire; 7 by default. */
  expiringWithinDays?: number | undefined;
  /** After how many days without a change a disabled key is reported; 0 by default, which reports each. */
  disabledForDays?: number | undefined;
  /** The workspaces (UUIDs) to audit instead of the default one. */
  workspaceIds?: readonly string[] | undefined;
}

/** A created key, and what became of any that were lost on the way. */
export interface Reconciled {
  /** The key, with its secret. */
  readonly created: Created;
  /** The key's name with its marker. */
  readonly name: string;
  /** Keys of this call whose responses were lost; they were found and deleted. */
  readonly swept: readonly Key[];
  /** Names under which a key may still appear: pass them to `sweep` later. */
  readonly unconfirmed: readonly string[];
}

/** The result of `ensure`. */
export type Ensured =
  | {
      /** There was none: it was created, and here is its secret. */
      readonly outcome: "created";
      readonly created: Created;
      /** Why it is unknown whether another caller created one at the same time. Call `ensure` again. */
      readonly unsettled?: OpenRouterKeysError;
    }
  | {
      /** It exists already. Its secret was shown once, to whoever created it. */
      readonly outcome: "existing";
      /** The key, after the change if there was one. */
      readonly key: Key;
      /** The fields that were changed. */
      readonly changed: readonly string[];
    };

/** The result of a sweep. */
export interface Swept {
  /** The keys that were deleted. */
  readonly deleted: readonly Key[];
  /** The names under which no key was found. */
  readonly absent: readonly string[];
  /** The keys that were found and could not be deleted, each with the reason. */
  readonly failed: readonly { readonly key: Key; readonly error: OpenRouterKeysError }[];
  /**
   * Keys with the marker that a sweep of temporary keys left alone because they have
   * no readable expiry; they may live for ever.
   */
  readonly endless: readonly Key[];
}

/** The result of an audit. */
export interface AuditReport {
  /**
   * When the keys were judged, by the server's clock or, if its date is hidden, by
   * this machine's. Absent if no clock is available: `unused`, `never_used`,
   * `expires_soon` and `expired` were then not checked.
   */
  readonly at?: Timestamp;
  /** Every key with its findings, in the order of the listing. */
  readonly keys: readonly AuditedKey[];
  /** The credit that all keys have spent. */
  readonly spend: Spend;
  /** What all keys spent with your own provider keys (BYOK). Not part of `spend`: it is paid to the provider. */
  readonly byokSpend: Spend;
  /**
   * How many rows of the listing are not objects. Each may be a key that was not
   * judged. Identical rows may be undercounted.
   */
  readonly unexpectedRows: number;
  /**
   * The keys with findings as a table, and the totals. Names are put on one line,
   * shortened, and cleared of anything that looks like an API key.
   */
  readonly table: string;
}

/** A key and its findings. */
export interface AuditedKey {
  /** The key. */
  readonly key: Key;
  /** The findings, each kind at most once; empty if the key is as it should be. */
  readonly findings: readonly AuditFinding[];
}

/**
 * Why a key needs attention. Days are rounded down. A disabled or expired key cannot
 * spend, so neither its limit nor its use is checked.
 */
export type AuditFinding =
  | {
      /** It expired this many days ago. */
      readonly kind: "expired";
      readonly days: number;
    }
  | {
      /** It is disabled and still exists, unchanged for `days`, which is absent if unknown. */
      readonly kind: "disabled";
      readonly days?: number;
    }
  | {
      /** It has no limit and can spend all that the account has. */
      readonly kind: "no_limit";
    }
  | {
      /** The share of its limit that is spent, from 0 to 1; for a limit that resets, in the current period. */
      readonly kind: "near_limit";
      readonly share: number;
    }
  | {
      /** Nothing is left of its limit, which may be 0. */
      readonly kind: "limit_reached";
    }
  | {
      /**
       * It has not been used for this many days. A key that has spent and has no recorded use
       * was last used before the end of 2025; the days are then a lower bound.
       */
      readonly kind: "unused";
      readonly days: number;
    }
  | {
      /** It was created this many days ago, and has no recorded use and no spending. */
      readonly kind: "never_used";
      readonly days: number;
    }
  | {
      /** It will expire in this many days. */
      readonly kind: "expires_soon";
      readonly days: number;
    }
  | {
      /** How many unexpired keys of its workspace have exactly its name, including this one. */
      readonly kind: "duplicate_name";
      readonly keys: number;
    }
  | {
      /** Fields that the audit needs are missing from the response, or unexpected. Checks that need them were skipped, and totals exclude them. */
      readonly kind: "unreadable";
      readonly fields: readonly string[];
    };

/** Spending in US dollars. */
export interface Spend {
  /** Since midnight UTC. */
  readonly daily: number;
  /** Since Monday, midnight UTC. */
  readonly weekly: number;
  /** Since the first of the month, midnight UTC. */
  readonly monthly: number;
  /** So far. */
  readonly total: number;
}

/** A partner's identity. */
export interface External {
  /** The partner's user, at least one character. */
  user: string;
  /** The partner's own key, at least 32 characters. A secret. */
  apiKey?: string | undefined;
}

/** Which key to replace, and how: either `hash` with settings, or `resume` alone. */
export interface RotateParams extends ListingParams {
  /** The hash of the key to replace. */
  hash?: string | undefined;
  /**
   * Whether the new key's limit is what is left of the old key's, even if that resets: the
   * lower limit then applies to every later day, week or month too. By default, the remainder
   * of a limit that never resets carries over, and a limit that resets is copied in full.
   */
  limitRemaining?: boolean | undefined;
  /** Whether the new key's limit is all of the old key's, even if that never resets. */
  fullLimit?: boolean | undefined;
  /**
   * Whether the old key has leaked: it is disabled before anything else, with no
   * grace period. No key works until the new one is handed over.
   */
  leaked?: boolean | undefined;
  /** How long both keys work after the hand-over, in milliseconds; 60000 by default. */
  graceMs?: number | undefined;
  /** How long the old key must have been unused before it is disabled; 60000 by default, 0 skips the check. */
  quietMs?: number | undefined;
  /** How long the old key stays disabled before it is deleted; 60000 by default. */
  watchMs?: number | undefined;
  /** The last state saved by an earlier run, to continue from. */
  resume?: Rotation | undefined;
  /**
   * Claims the rotation for this long before a change, because other machines may continue it
   * once the claim has ended: see {@link RotationHandler.claim}. Each saved state claims it as
   * well. A change is sent only if its call's timeout ends within the lease, so a lease that is
   * not longer than the timeout is refused.
   */
  leaseMs?: number | undefined;
  /**
   * Ends the run with the outcome `waiting` instead of a pause that is longer than this; every
   * pause is waited for by default. The pause counts from its beginning, however many runs ask
   * for it, so a program that runs every few minutes needs no process that waits for hours.
   */
  longestPauseMs?: number | undefined;
}

/**
 * The progress of replacing a key: plain data without a secret, the same as in
 * Rust. Keep it as JSON: if the key's name shows a key, other copies lack it and
 * are refused.
 */
export interface Rotation {
  /** The hash of the key that is replaced. */
  readonly old: string;
  /** The last step done. */
  readonly step: "begun" | "creating" | "handing_over" | "handed_over" | "disabled" | "deleted" | "done";
  /** The hash of the new key, once known. */
  readonly new?: string;
  /** The masked new key. */
  readonly newLabel?: string;
  /** The final name of the new key. */
  readonly name?: string;
  /** The marked names under which this rotation may have created keys that it lost. */
  readonly unconfirmed?: readonly string[];
  /** When the pause after this step began, in seconds since 1970. */
  readonly since?: number;
  /** When `oldKey` was read to see whether the old key is used, in seconds since 1970, if a later run has to compare. */
  readonly quietSince?: number;
  readonly leaked?: boolean;
  readonly remaining?: boolean;
  readonly full?: boolean;
  /** What was left of the old key's limit, if the new key has only that. */
  readonly carried?: number;
  /** The old key as it was last read, by the API's names. */
  readonly oldKey?: Readonly<Record<string, unknown>>;
  readonly graceMs?: number;
  readonly quietMs?: number;
  readonly watchMs?: number;
}

/**
 * Stores a rotation's state and its new key. A method may return a promise, which
 * is awaited even after an abort.
 */
export interface RotationHandler {
  /**
   * Stores this state, replacing the last one, where it outlives the program. If it
   * throws, the rotation ends; a new key that was not handed over yet is deleted.
   */
  save(state: Rotation): unknown;
  /**
   * Stores the new key where it is used. If it throws, the key is deleted, so it
   * must throw only if nobody uses the key. The error's cause is what it threw, or
   * a masked copy of that.
   */
  handOver(created: Created): unknown;
  /**
   * Returns whether the new key of this state was stored; {@link isNewKey} compares.
   * Called if the program ended while handing the key over. If it returns `false`,
   * the key is deleted; if it throws, everything stays as it is.
   */
  wasHandedOver(state: Rotation): boolean | Promise<boolean>;
  /**
   * Makes sure that no other program continues this rotation for this long from now. Called
   * only with `leaseMs`, before a change that could otherwise outlast the lease. Throw a
   * {@link Stop} if the rotation is another program's.
   */
  claim?(leaseMs: number): unknown;
}

/**
 * Thrown by a {@link RotationHandler} to end the rotation where it stands: from then on, the
 * run creates, disables and deletes nothing.
 *
 * Any other error of `save` or `handOver` deletes a new key that was not handed over yet. Throw
 * this one if that would be wrong: another program has continued the rotation, or nobody knows
 * whether the key was stored.
 */
export declare class Stop extends Error {
  constructor(message?: string, options?: { cause?: unknown });
}

/** The result of a rotation. */
export type Rotated =
  | {
      /** The old key is gone, and the new key has its name. */
      readonly outcome: "done";
      /** The new key's hash. */
      readonly new: string;
      /**
       * The old key as it was last read, disabled and about to be deleted: its usage appears
       * in no listing any more. Absent if somebody else deleted it before it was read.
       */
      readonly old?: Key;
      /**
       * The new key's limit, if it is what was left of the old key's. If 0, the key works once
       * its limit is raised.
       */
      readonly carried?: number;
      /** Names under which a key may still appear: pass them to `sweep` later. */
      readonly unconfirmed: readonly string[];
    }
  | {
      /** Both keys exist: the old one was used after the grace period, or enabled again. Resume later. */
      readonly outcome: "still_in_use";
      /** The old key. */
      readonly old: Key;
      /** The state, as it was saved. */
      readonly state: Rotation;
    }
  | {
      /** The new key was handed over, and the next pause is longer than `longestPauseMs`. Resume when it is over. */
      readonly outcome: "waiting";
      /** How long the pause still takes. */
      readonly leftMs: number;
      /** The state, as it was saved. */
      readonly state: Rotation;
    };

/** Whether the secret is the new key of this state, judging by its label. */
export declare function isNewKey(state: Rotation, secret: string): boolean;

/** Which secret's key to find. */
export interface FindBySecretParams extends ListingParams {
  /** The secret, such as one found in a log. */
  secret: string;
  /** The workspaces (UUIDs) to search instead of the one that the API names. */
  workspaceIds?: readonly string[] | undefined;
}

/** What was found out about a secret. */
export interface FoundBySecret {
  /** The key; absent if no listed key has its label. Management keys are in no listing. */
  readonly key?: Key;
  /** What `getCurrentKeyMetadata` returns for the secret; absent if the API refuses it: then `key` is a guess, not proof. */
  readonly current?: CurrentKey;
}

/** What an API key is for: managing keys, or inference. No key does both. */
export type KeyKind = "management" | "inference";

/**
 * The changes to a key. A field that is `undefined` or left out stays as it is;
 * `null` clears it.
 */
export interface UpdateParams {
  /** A new name, of at least one character. */
  name?: string | undefined;
  /** Disables or enables the key. */
  disabled?: boolean | undefined;
  /** The spending limit in US dollars; `null` removes it, making the key unlimited. */
  limit?: number | null | undefined;
  /** How often the limit resets; `null` means never. */
  limitReset?: LimitReset | null | undefined;
  /** Whether BYOK spending counts against the limit. */
  includeByokInLimit?: boolean | undefined;
  /** Moves the key to the workspace with this UUID. */
  workspaceId?: string | undefined;
}

/** Headers, as an object or as pairs. */
export type HeadersOption = Readonly<Record<string, string>> | Iterable<readonly [string, string]>;

/**
 * What to retry, and after which pauses. No setting makes a create go out twice
 * if the first request may have been processed.
 */
export interface RetryOptions {
  /** How many requests a call may send, 1 or more; 3 by default. */
  maxAttempts?: number | undefined;
  /** The backoff before the second attempt after a transient failure; 50 by default. */
  initialIntervalMs?: number | undefined;
  /** The backoff before the second attempt after a 429; 1000 by default. */
  throttledIntervalMs?: number | undefined;
  /** Where the backoff stops growing; 20000 by default. */
  maxIntervalMs?: number | undefined;
  /** By how much the backoff grows from one attempt to the next, 1 or more; 2 by default. */
  exponent?: number | undefined;
  /** The longest `Retry-After` to wait for; 60000 by default. */
  maxRetryAfterMs?: number | undefined;
  /** Whether jitter randomly shortens the pauses; true by default. */
  jitter?: boolean | undefined;
  /** Whether a create is never resent after a 503; false by default. */
  strict?: boolean | undefined;
}

/** Settings for one call that override the client's. */
export interface CallOptions {
  /**
   * Ends the call with an {@link AbortError}, mid-request or during a pause. A create
   * whose whole secret has arrived by then resolves with it.
   */
  signal?: AbortSignal | null | undefined;
  /** How long the call may take, including all attempts and pauses. */
  timeoutMs?: number | undefined;
  /** How long one attempt may take. */
  attemptTimeoutMs?: number | undefined;
  /** Extra headers. Each overrides the client's header of the same name. */
  headers?: HeadersOption | undefined;
  /** What to retry; `false` for a single attempt. */
  retry?: RetryOptions | false | undefined;
  /** `HTTP-Referer`: the app's URL. */
  httpReferer?: string | URL | undefined;
  /** `X-OpenRouter-Title`: the app's name. */
  title?: string | undefined;
  /** `X-OpenRouter-Categories`: the app's categories. */
  categories?: readonly string[] | undefined;
  /** Where the API is. */
  baseUrl?: string | URL | undefined;
  /** Whether `baseUrl` may be plain http to another machine; false by default. */
  allowInsecureHttp?: boolean | undefined;
}

/** Settings for one listing that override the client's. */
export interface ListAllOptions extends CallOptions {
  /** Called after each page with the listing's progress. If it throws, the listing ends. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * `fetch`, or a function that replaces it, called as `fetch(url, init)`.
 *
 * An error that it rejects with may be about another request, so its code is
 * ignored: a create that it rejects may have created a key.
 */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * The source of time and timers; the runtime's by default. See
 * `openrouter-keys/testing`. The runtime's is also used if `now` returns something
 * other than a number, or `setTimeout` throws.
 */
export interface Clock {
  /** Milliseconds since any fixed moment, by a clock that never goes backwards. */
  now(): number;
  /** Milliseconds since 1970. */
  date(): number;
  /** Calls back after this many milliseconds. */
  setTimeout(callback: () => void, ms: number): unknown;
  /** Cancels the timer that `setTimeout` returned. */
  clearTimeout(timer: unknown): void;
}

/** The settings of a client. */
export interface ClientOptions extends Omit<CallOptions, "signal"> {
  /**
   * The management key, or a function that returns the current one. The function is
   * called before each attempt, in the call's async context (`AsyncLocalStorage`), so
   * cache anything expensive.
   */
  apiKey: string | (() => string | Promise<string>);
  /** Where the API is; `https://openrouter.ai/api/v1` by default. */
  baseUrl?: string | URL | undefined;
  /** How long a call may take, including all attempts and pauses; 60000 by default. */
  timeoutMs?: number | undefined;
  /** How long one attempt may take; 30000 by default. */
  attemptTimeoutMs?: number | undefined;
  /** How long the pause between two chunks of a body may be; 10000 by default. */
  idleTimeoutMs?: number | undefined;
  /** How many requests a call may send; 3 by default. Short for `retry: { maxAttempts }`. */
  maxAttempts?: number | undefined;
  /** The most bytes that a successful response's body may have; 4 MiB by default. */
  maxSuccessBytes?: number | undefined;
  /** The most bytes that an error's body may have; 64 KiB by default. */
  maxErrorBytes?: number | undefined;
  /**
   * Sends the requests; the runtime's `fetch` by default. If a custom function
   * rejects a create, the key counts as possibly created.
   */
  fetch?: Fetch | undefined;
  /** The source of time; the runtime's clock by default. */
  clock?: Clock | undefined;
  /**
   * Allows the client in a web page or its workers. Anyone who can open the page can
   * then read the management key, create keys and spend the account's money: only for
   * pages that nobody else can open.
   */
  dangerouslyAllowBrowser?: boolean | undefined;
}

/** What a response contained besides its value. */
export declare class ResponseInfo {
  private constructor();
  /** The status, such as 200 or 201. */
  readonly status: number;
  /** How many requests the call took. */
  readonly attempts: number;
  /** The server's id for the request: `x-request-id`, else `cf-ray`. */
  readonly requestId?: string;
  /** The rate limit that the response reports; only the parts that are numbers. */
  readonly rateLimit: RateLimit;
  /** Fields of the response's outermost object that appear nowhere else. Absent if there are none. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** All headers that the runtime exposes. A getter of the prototype, so printing shows none. */
  get headers(): Headers;
}

/** The rate-limit headers of a response. */
export interface RateLimit {
  /** `X-RateLimit-Limit`: requests allowed in the window. */
  readonly limit?: number;
  /** `X-RateLimit-Remaining`: requests left in the window. */
  readonly remaining?: number;
  /** `X-RateLimit-Reset`: when the window ends, in the unit that the server chose. */
  readonly reset?: number;
}

/** A call in progress: a promise of its value. */
export declare class Call<T> extends Promise<T> {
  /** The call's value together with status, request id, rate limit and number of attempts. */
  withResponse(): Promise<{ data: T; response: ResponseInfo }>;
}

/**
 * The keys of all pages, each once. It ends after the first error, and at the next key
 * once its `signal` is aborted. It can be iterated once: a loop or `toArray` after its end
 * is refused. Call `listAll` again to start over.
 */
export interface KeyListing extends AsyncIterableIterator<Key> {
  return(value?: unknown): Promise<IteratorResult<Key, undefined>>;
  throw(error?: unknown): Promise<IteratorResult<Key, undefined>>;
  /** Returns all remaining keys. */
  toArray(): Promise<Key[]>;
  /** Ends the listing, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Manages API keys. */
export declare class OpenRouterKeys {
  /**
   * Creates a client.
   *
   * @throws {InvalidArgumentError} if an option is refused; the error shows no part of a key.
   */
  constructor(options: ClientOptions);

  /** Where the API is, without a trailing slash. */
  readonly baseUrl: string;

  /** Lists one page of keys, newest first: `GET /keys`. */
  list(params?: ListParams, options?: CallOptions): Call<Page>;

  /**
   * Lists the keys of all pages. A key that exists from the first request to the last is
   * returned exactly once, whatever is created and deleted meanwhile. It continues until a
   * page has nothing new, one request after the first short page: see `stopAtShortPage`.
   *
   * Its requests run in the async context (`AsyncLocalStorage`) of this call, whoever
   * iterates it.
   */
  listAll(params?: ListAllParams, options?: ListAllOptions): KeyListing;

  /**
   * Creates a key: `POST /keys`. The result is the only place its secret ever appears.
   *
   * The request is resent only if the server definitely did not process it. If an
   * error's `mayHaveCreated` is set, a key may exist whose secret nobody has.
   */
  create(params: CreateParams, options?: CallOptions): Call<Created>;

  /** Gets the key with this hash: `GET /keys/{hash}`. */
  get(hash: string, options?: CallOptions): Call<Key>;

  /** Changes the given fields and leaves the rest: `PATCH /keys/{hash}`. */
  update(hash: string, changes: UpdateParams, options?: CallOptions): Call<Key>;

  /** Deletes the key with this hash, for good: `DELETE /keys/{hash}`. */
  delete(hash: string, options?: CallOptions): Call<Deleted>;

  /** Returns metadata about the key this request is made with: `GET /key`. */
  getCurrentKeyMetadata(options?: CallOptions): Call<CurrentKey>;

  /**
   * Sends any other request to the API, with the client's retries, limits, masking
   * and errors. The value is the parsed JSON body, `undefined` if there is none.
   *
   * Nothing in a response is masked: an endpoint that returns a secret returns it to
   * you. A request that is not idempotent is never resent when its outcome is
   * unknown; the error's `effect` is then `"may_have_taken_effect"`.
   *
   * ```ts
   * const { data } = await keys.request<{ data: { total_credits: number } }>({ path: "/credits" });
   * ```
   */
  request<T = unknown>(request: ApiRequest, options?: CallOptions): Call<T>;

  /**
   * Creates a key, and cleans up after a create whose response was lost.
   *
   * The key's name gets a marker of 128 random bits, by which this call recognizes its
   * keys: a lost key is looked up by its exact name and deleted before the next is
   * created. Nothing without such a marker is touched. Pass an error's
   * `mayHaveCreated.names` to `sweep` later.
   */
  createReconciled(params: CreateReconciledParams, options?: CallOptions): Promise<Reconciled>;

  /**
   * Ensures that one key has this name and these settings. Only given settings that
   * differ are changed.
   *
   * However many callers do this at once, one key remains, and at most one caller
   * has its secret. It is not atomic: several may exist for a short time.
   */
  ensure(params: EnsureParams, options?: CallOptions): Promise<Ensured>;

  /**
   * Deletes keys that lost creates left behind, by their marked names, or temporary
   * keys that have expired.
   */
  sweep(params: SweepParams, options?: CallOptions): Promise<Swept>;

  /**
   * Creates a temporary key, to be closed when it is no longer needed. The API stops
   * it at its expiry in any case, and `sweep` finds it by the marker in its name. Lost
   * responses are cleaned up as by `createReconciled`.
   */
  temporary(params: TemporaryParams, options?: CallOptions): Promise<TemporaryKey>;

  /**
   * Replaces a key with a new one that has the same settings: creates the new key, tests
   * it, hands it over, waits until the old key is unused, then disables and deletes that.
   *
   * The state is saved before and after every step that cannot be undone. A program
   * that was killed resumes with `{ resume: state }`. Only one program at a time may
   * run a rotation.
   */
  rotate(params: RotateParams, handler: RotationHandler, options?: CallOptions): Promise<Rotated>;

  /** Finds the key that a secret belongs to, by its label. If several match, throws a {@link SeveralKeysError}. */
  findBySecret(params: FindBySecretParams, options?: CallOptions): Promise<FoundBySecret>;

  /** Checks with one request that the client's key is of this kind; otherwise throws a {@link WrongKeyKindError}. */
  checkKey(kind: KeyKind, options?: CallOptions): Promise<CurrentKey>;

  /**
   * Reads all keys, including disabled and expired ones, and reports those that need
   * attention. It changes nothing.
   */
  audit(params?: AuditParams, options?: CallOptions): Promise<AuditReport>;

  /**
   * Forgets the API key and refuses further calls; calls in progress continue, and a
   * listing ends at its next key. Also available as `Symbol.dispose`, if the runtime
   * has it, for `using`.
   */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** Identifies a key that a failed create may have left behind. */
export interface MayHaveCreated {
  /** The key's name. */
  readonly name: string;
  /** Every name under which a workflow may have left a key; `name` alone for a single create. */
  readonly names: readonly string[];
  /** The key's hash, if a workflow created the key and could not delete it. */
  readonly hash?: string;
  /** The workspace; `undefined` means the default one. */
  readonly workspaceId?: string;
  /** When the first request may have been sent, by this machine's clock; absent if that is unavailable. */
  readonly from?: Timestamp;
  /** When the call ended, by the same clock. */
  readonly until?: Timestamp;
}

/** The codes of all errors. */
export type ErrorCode =
  | "invalid_argument"
  | "credentials"
  | "aborted"
  | "pagination_stalled"
  | "too_many_pages"
  | "several_keys"
  | "wrong_key_kind"
  | "unverified"
  | "rotation_handler"
  | "unexpected_redirect"
  | "unreadable"
  // Below HTTP.
  | "dns"
  | "connect"
  | "tls"
  | "proxy"
  | "disconnected"
  | "refused"
  | "protocol"
  | "body_too_large"
  | "setup"
  | "connection"
  | "connect_timeout"
  | "attempt_timeout"
  | "idle_timeout"
  | "call_timeout"
  // By the status of the response.
  | "bad_request"
  | "unauthorized"
  | "payment_required"
  | "forbidden"
  | "not_found"
  | "request_timeout"
  | "conflict"
  | "payload_too_large"
  | "unprocessable"
  | "too_many_requests"
  | "server"
  | "other_status"
  | (string & {});

/**
 * Every error of this package. Its message says what happened, whether anything
 * was created or changed, and what to do.
 */
export declare class OpenRouterKeysError extends Error {
  protected constructor();
  /** The kind of failure. */
  readonly code: ErrorCode;
  /** The operation, such as `create`; `new OpenRouterKeys` for the client's own. */
  readonly operation: string;
  /** What the failed call may have left behind. */
  readonly effect: "nothing" | "may_have_changed" | "may_have_taken_effect" | "may_have_created" | "partly_done";
  /** Whether repeating the call is safe and may succeed. Never for a create that may have been processed. */
  readonly isRetryable: boolean;
  /** How many attempts were made, each of at most one request. */
  readonly attempts: number;
  /** The HTTP status of the last response, if its head arrived. */
  readonly status?: number;
  /** How long the server asked to wait. */
  readonly retryAfterMs?: number;
  /** The server's id for the last request. */
  readonly requestId?: string;
  /** What to look for if a create may have left a key behind. */
  readonly mayHaveCreated?: MayHaveCreated;
  /** The API's metadata about the error, with secrets masked. */
  readonly metadata?: unknown;
}

/**
 * An argument or an option was refused; nothing was sent. If reading it threw, that
 * is the `cause`.
 */
export declare class InvalidArgumentError extends OpenRouterKeysError {
  /** Which one, such as `limit` or `baseUrl`. */
  readonly argument: string;
}

/** Your API key function failed; see `cause`. Nothing was sent in that attempt. */
export declare class CredentialsError extends OpenRouterKeysError {}

/** The `signal` ended the call; its reason is the `cause`. `name` is `AbortError`. */
export declare class AbortError extends OpenRouterKeysError {}

/** The request failed below HTTP. */
export declare class ConnectionError extends OpenRouterKeysError {}

/** A time limit passed. */
export declare class TimeoutError extends ConnectionError {}

/** The server returned an error. */
export declare class ApiError extends OpenRouterKeysError {
  readonly status: number;
  /** The API's message; absent if the body is not the API's. */
  readonly apiMessage?: string;
  /** The API's code, which usually equals the status. */
  readonly apiCode?: number;
  /** The user whom the error names. */
  readonly userId?: string;
  /** The metadata next to the error. */
  readonly openrouterMetadata?: unknown;
  /** What kind of body it was. */
  readonly body: "documented" | "other_json" | "html" | "other" | "empty" | (string & {});
  /** The kind of the key that was used, if the message says that it is the wrong one. */
  readonly keyKind?: KeyKind | (string & {});
}

/** 400, 413 and 422: a parameter is invalid. */
export declare class BadRequestError extends ApiError {}
/** 401: the API key is missing, wrong, disabled or expired. */
export declare class UnauthorizedError extends ApiError {}
/** 402: the account has no credit. */
export declare class PaymentRequiredError extends ApiError {}
/** 403: the API key may not do this. */
export declare class ForbiddenError extends ApiError {}
/** 404: there is no such key. */
export declare class NotFoundError extends ApiError {}
/** 409: the request conflicts with the current state. Retryable on an update. */
export declare class ConflictError extends ApiError {}
/** 425 and 429: too many requests. */
export declare class RateLimitError extends ApiError {}
/** 408 and 500 to 599: the server, or the edge in front of it, failed. */
export declare class ServerError extends ApiError {}

/** The server reported success in a body that cannot be read. */
export declare class UnreadableResponseError extends OpenRouterKeysError {
  /** Where and why. */
  readonly unreadable: Unreadable;
}

/** The server redirected. Redirects are never followed: they would send the API key elsewhere. */
export declare class UnexpectedRedirectError extends OpenRouterKeysError {
  /** Scheme, host and port of the target, if the runtime and the response say. */
  readonly origin?: string;
}

/** A further page of a listing contained nothing new. */
export declare class PaginationStalledError extends OpenRouterKeysError {
  /** The offset at which it stalled. */
  readonly offset: number;
}

/** A listing needs more requests than it may take, or its pages hold far more than they should. */
export declare class TooManyPagesError extends OpenRouterKeysError {
  /** How many it may take. */
  readonly requests: number;
}

/** Several keys match, and nothing says which to use. */
export declare class SeveralKeysError extends OpenRouterKeysError {
  /** The keys; if they share a name, the oldest first. */
  readonly keys: readonly Key[];
}

/** The API key is of the wrong kind. */
export declare class WrongKeyKindError extends OpenRouterKeysError {
  /** The key's kind. */
  readonly keyKind: KeyKind | (string & {});
  /** The kind required. */
  readonly needed: KeyKind | (string & {});
}

/** A new key does not work as requested, or is gone. */
export declare class UnverifiedError extends OpenRouterKeysError {
  /** What is wrong. */
  readonly problem: string;
}

/** A function of your {@link RotationHandler} failed. What it threw is the `cause`. */
export declare class RotationHandlerError extends OpenRouterKeysError {
  /** Which of its functions. */
  readonly method: keyof RotationHandler | (string & {});
}

/** Whether this package, or another copy of it, created the error. */
export declare function isOpenRouterKeysError(error: unknown): error is OpenRouterKeysError;

/** The timestamp as a `Date`, to the millisecond; `undefined` for `null` and `undefined`. */
export declare function toDate(timestamp: Timestamp): Date;
export declare function toDate(timestamp: Timestamp | null | undefined): Date | undefined;

/** Whether the key manages keys, by the newer or the older name of the field. */
export declare function managesKeys(key: CurrentKey): boolean | undefined;

declare global {
  // As in `lib: esnext.disposable`: without this, types with `[Symbol.dispose]`
  // do not check with older libraries.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
}
