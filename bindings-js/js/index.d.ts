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
 * timestamps are RFC 3339 texts, which {@link toDate} turns into a `Date`.
 *
 * @packageDocumentation
 */

/** A request to an endpoint without a method of its own: see {@link OpenRouterKeys.request}. */
export interface ApiRequest {
  /** `GET` by default. */
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the base URL, such as `/credits`: without a query, `.` or `..`, and percent-encoded where needed. */
  path: string;
  /** Query parameters, encoded for you; an array repeats its name. */
  query?: Readonly<Record<string, QueryValue | readonly QueryValue[]>> | Iterable<readonly [string, string]>;
  /** Sent as JSON; not with `GET`. NaN and infinities, which JSON would turn into `null`, are refused. */
  body?: unknown;
  /**
   * Whether the second of two equal requests changes nothing, so that one whose outcome
   * is unknown may be sent again. By default `true` for GET, PUT and DELETE, and `false`
   * for POST and PATCH.
   */
  idempotent?: boolean;
}

/** The value of a query parameter; `undefined` leaves it out. */
export type QueryValue = string | number | boolean | undefined;

/** When a limit starts anew, at midnight UTC. Other texts are sent and kept as they are. */
export type LimitReset = "daily" | "weekly" | "monthly" | (string & {});

/** Whose budget a {@link Budget} is. Other texts are kept as they came. */
export type BudgetScope =
  | "workspace_default_member"
  | "workspace_default_key"
  | "member"
  | "api_key"
  | "workspace"
  | "key_limit"
  | (string & {});

/** Where data may be processed. Other texts are kept as they came. */
export type DataRegion = "global" | "europe" | "us" | (string & {});

/** An RFC 3339 timestamp such as `2027-01-31T12:00:00Z`. */
export type Timestamp = string;

/** What every object of a response may have beside its documented fields. */
export interface Drift {
  /** The fields that this version does not know, by the API's names. Absent if there are none. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /**
   * The documented fields whose value is not of the documented type, as they
   * came, by their names here. The field itself is then `undefined`. Absent if
   * there are none.
   */
  readonly unexpected?: Readonly<Record<string, unknown>>;
}

/**
 * An API key, without its secret.
 *
 * The API adds and drops fields: any of them can be `undefined` in the response
 * of another version of it. `null` is what the server says, and for `limit` it
 * means *unlimited*.
 */
export interface Key extends Drift {
  /** What identifies the key in get, update and delete. */
  readonly hash: string;
  /** The key's name; several keys may share one. */
  readonly name: string;
  /** The masked key, such as `sk-or-v1-0e6...1c96`. */
  readonly label: string;
  /** Whether the key is switched off. */
  readonly disabled: boolean;
  /** The spending limit in US dollars; `null` means that there is none. */
  readonly limit: number | null;
  /** What is left of the limit; `null` without a limit. */
  readonly limitRemaining: number | null;
  /** When the limit starts anew; `null` means never. */
  readonly limitReset: LimitReset | null;
  /** Whether spending with one's own provider keys (BYOK) counts against the limit. */
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
  /** When the key was made. */
  readonly createdAt: Timestamp;
  /** When the key was last changed; `null` if never. */
  readonly updatedAt: Timestamp | null;
  /** When the key stops working; `null` if never. */
  readonly expiresAt?: Timestamp | null;
  /** When the key was last used; `null` if no use was recorded since the end of 2025. Such a key may have been used before. */
  readonly lastUsedAt?: Timestamp | null;
  /** The member of the organisation who made the key. */
  readonly creatorUserId?: string | null;
  /** The workspace that the key belongs to. */
  readonly workspaceId?: string;
  /** The partner's user on whose behalf the key was made. */
  readonly externalUser?: string | null;
}

/** What the API tells about the key that signed the request. */
export interface CurrentKey extends Drift {
  /** The masked key, such as `sk-or-v1-0e6...1c96`. */
  readonly label: string;
  /** The spending limit in US dollars; `null` means that there is none. */
  readonly limit: number | null;
  /** What is left of the limit; `null` without a limit. */
  readonly limitRemaining: number | null;
  /** When the limit starts anew; `null` means never. */
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
  /** Whether the account never bought credit. */
  readonly isFreeTier: boolean;
  /** Whether the key manages keys; such a key cannot run inference. */
  readonly isManagementKey?: boolean;
  /** The older name of `isManagementKey`. */
  readonly isProvisioningKey?: boolean;
  /** The member of the organisation who made the key. */
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
  /** How many requests an interval allows; −1 means no limit. */
  readonly requests: number;
  /** The interval, such as `10s`. */
  readonly interval: string;
  /** What the API says about it. */
  readonly note: string;
}

/** The daily allowance of requests to free models. */
export interface FreeModelRequests extends Drift {
  /** Requests allowed a day. */
  readonly limit: number;
  /** Requests left today. */
  readonly remaining: number;
  /** Requests made today. */
  readonly used: number;
}

/** A budget that limits what a key can spend. */
export interface Budget extends Drift {
  /** Whose budget it is. */
  readonly scope: BudgetScope;
  /** The budget in US dollars. */
  readonly limitUsd: number;
  /** What was spent of it. */
  readonly spendUsd: number;
  /** What is left of it. */
  readonly remainingUsd: number;
  /** When it starts anew; `null` means never. */
  readonly resetInterval: LimitReset | null;
  /** When it next starts anew; `null` if never. */
  readonly resetsAt: Timestamp | null;
  /** Whether BYOK spending counts. */
  readonly includeByok: boolean;
  /** The budget's own id. */
  readonly budgetId: string | null;
  /** The guardrail that sets the budget. */
  readonly guardrailId: string | null;
}

/** One page of keys, newest first. */
export interface Page {
  /** At most 100 keys. */
  readonly data: readonly Key[];
  /** Rows that are not even objects, as they came. Absent if there are none. */
  readonly unexpectedRows?: readonly unknown[];
  /** The fields beside `data` that this version does not know. Absent if there are none. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A key that was made, with its secret. */
export declare class Created {
  protected constructor();
  /**
   * The secret. The API shows it once, here, and never again: store it now.
   *
   * It is a getter of the prototype: nothing that prints, copies or serialises
   * the object shows it.
   */
  get key(): string;
  /** The key's metadata: always an object, empty if the server sent none that can be read. */
  readonly data: Key;
  /** What was wrong with the metadata, if anything was. The secret is good all the same. */
  readonly problem?: Unreadable;
  /** The documented field `data` as it came, if it was no object. */
  readonly unexpected?: Readonly<Record<string, unknown>>;
  /** The fields beside `key` and `data` that this version does not know. Absent if there are none. */
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
 * Where `await using` is not to be had, `close()` in a `finally` does the same.
 * A key that is never closed lives until it expires, and
 * `sweep({ temporary: true })` deletes it then.
 */
export declare class TemporaryKey extends Created {
  private constructor();
  /** The key's name with its marker. */
  readonly name: string;
  /** When the key stops working by itself, as it was asked for. */
  readonly expiresAt: Timestamp;
  /** Keys of this call whose responses were lost, and which were found and deleted. */
  readonly swept: readonly Key[];
  /** Names under which a key may still turn up. `close` looks for them once more. */
  readonly unconfirmed: readonly string[];
  /**
   * Deletes the key, by its hash or else by its marked name, and what has turned
   * up of the unconfirmed names. One that is gone already is closed. A second
   * close does nothing, and one after a failure tries again.
   *
   * It has the options of the `temporary`, without its `signal`, unless it is
   * given others. The client must not be disposed of before. An error's
   * `mayHaveCreated` tells the name and the hash of what is left, which stops by
   * itself when it expires.
   */
  close(options?: CallOptions): Promise<void>;
  /** The same, for `await using`; under `Symbol.for("Symbol.asyncDispose")` where the runtime has no such symbol. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where and why a body cannot be read. It quotes nothing of the body. */
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
   * Whether this call found the key already gone, after an earlier attempt of
   * the same call whose response was lost.
   */
  readonly alreadyGone: boolean;
}

/** Which keys are listed. */
export interface ListParams {
  /** Whether disabled keys are listed too. */
  includeDisabled?: boolean | undefined;
  /** Whether expired keys are listed too. */
  includeExpired?: boolean | undefined;
  /** How many keys to skip: a whole number, 0 or more. */
  offset?: number | undefined;
  /** The workspace, a UUID, in place of the default one. */
  workspaceId?: string | undefined;
}

/** Which keys are listed through all pages, and how. */
export interface ListAllParams extends ListParams {
  /**
   * Stops at the first page of fewer than 100 keys, which saves the last request; false by
   * default. Where a server or gateway filters its pages, keys behind a short page are then
   * missed without an error.
   */
  stopAtShortPage?: boolean | undefined;
  /** `false` is the same as `stopAtShortPage: true`. */
  exhaustive?: boolean | undefined;
  /**
   * How many pages are asked for at once: 1 by default, 64 at most. More make a long listing
   * over a slow link faster, and ask for up to so many pages too many at its end.
   */
  prefetch?: number | undefined;
  /**
   * How many requests the listing may take, at least 1; 10000 by default, for some 990,000 keys.
   * One that needs more, or whose pages hold far more than so many should, is a
   * {@link TooManyPagesError}.
   */
  maxRequests?: number | undefined;
  /** The workspaces (UUIDs) to list one after another, in place of `workspaceId`. */
  workspaceIds?: readonly string[] | undefined;
}

/** How far a listing has come. */
export interface Progress {
  /** Pages that were asked for. */
  readonly requests: number;
  /** Pages that have come. */
  readonly pages: number;
  /** Keys that were found. */
  readonly keys: number;
}

/** A key to be made. */
export interface CreateParams {
  /** At least one character. */
  name: string;
  /**
   * The spending limit in US dollars, 0 or more. A key without a limit must be
   * requested explicitly: `null`.
   */
  limit: number | null;
  /** When the limit starts anew; never, unless given. */
  limitReset?: LimitReset | null | undefined;
  /** Whether BYOK spending counts against the limit. */
  includeByokInLimit?: boolean | undefined;
  /** When the key stops working; never, unless given. Any offset; it is sent in UTC. */
  expiresAt?: Timestamp | Date | null | undefined;
  /** The workspace, a UUID, in place of the default one. */
  workspaceId?: string | undefined;
  /** The member of the organisation on whose behalf the key is made. */
  creatorUserId?: string | null | undefined;
  /** A partner's identity. */
  external?: External | undefined;
}

/** What a workflow may list. */
export interface ListingParams {
  /**
   * How many requests each of its listings may take, at least 1; 10000 by default. More, or
   * far more rows or bytes than so many pages should hold, is a {@link TooManyPagesError}.
   */
  maxRequests?: number | undefined;
}

/** A key to be made by `createReconciled`. */
export interface CreateReconciledParams extends CreateParams, ListingParams {}

/** A key that is to be there. */
export interface EnsureParams extends CreateParams, ListingParams {
  /** When the limit starts anew; `null` means never, of a key that exists too. Left as it is, unless given. */
  limitReset?: LimitReset | null | undefined;
  /** Switches a key that exists off or on. Left as it is, unless given. */
  disabled?: boolean | undefined;
  /** Which key counts if several have the name: none, which is an error and the default, or the newest. */
  onDuplicate?: "refuse" | "newest" | undefined;
  /**
   * How long to wait after a create before looking for a rival; 5000 by default.
   * Longer than the listing lags behind and than creation times are coarse.
   */
  settleMs?: number | undefined;
}

/** A key to be made for a time. It has no `expiresAt`: its end is its lifetime. */
export interface TemporaryParams extends Omit<CreateParams, "expiresAt">, ListingParams {
  /**
   * How long the key lives from when it is asked for, more than 0: at its end the
   * API stops the key, if nobody closed it. By this machine's clock, rounded up to
   * a whole second.
   */
  lifetimeMs: number;
}

/** Which keys are swept: those of some names, or the temporary ones that have expired. */
export type SweepParams = (
  | {
      /** The exact names, each with a marker. */
      names: readonly string[];
      temporary?: undefined;
    }
  | {
      /** Every temporary key whose `expiresAt` is past by the server's clock, whoever made it. */
      temporary: true;
      names?: undefined;
    }
) & ListingParams & {
  /** The workspaces (UUIDs) to sweep, in place of the default one. */
  workspaceIds?: readonly string[] | undefined;
};

/** What an audit looks for. Days have 24 hours. */
export interface AuditParams extends ListingParams {
  /** The share of its limit from which on a key is near it, from 0 to 1; 0.8 by default. */
  nearLimit?: number | undefined;
  /** After how many days without a request a key is unused; 90 by default. */
  unusedForDays?: number | undefined;
  /** How many days before its end a key is about to expire; 7 by default. */
  expiringWithinDays?: number | undefined;
  /** After how many days without a change a disabled key is a leftover; 0 by default, so that each is. */
  disabledForDays?: number | undefined;
  /** The workspaces (UUIDs) to audit, in place of the default one. */
  workspaceIds?: readonly string[] | undefined;
}

/** A key that was made, and what became of those that were lost on the way. */
export interface Reconciled {
  /** The key, with its secret. */
  readonly created: Created;
  /** The key's name with its marker. */
  readonly name: string;
  /** Keys of this call whose responses were lost, and which were found and deleted. */
  readonly swept: readonly Key[];
  /** Names under which a key may still turn up: give them to `sweep` later. */
  readonly unconfirmed: readonly string[];
}

/** What `ensure` came to. */
export type Ensured =
  | {
      /** There was none: it was made, and here is its secret. */
      readonly outcome: "created";
      readonly created: Created;
      /** Why nobody knows whether another caller made one at the same time. Make sure once more. */
      readonly unsettled?: OpenRouterKeysError;
    }
  | {
      /** There is one. Its secret was shown once, to whoever made it. */
      readonly outcome: "existing";
      /** The key, after the change if there was one. */
      readonly key: Key;
      /** The fields that were changed. */
      readonly changed: readonly string[];
    };

/** What a sweep came to. */
export interface Swept {
  /** The keys that were deleted. */
  readonly deleted: readonly Key[];
  /** The names under which no key was found. */
  readonly absent: readonly string[];
  /** The keys that were found and could not be deleted, each with the reason. */
  readonly failed: readonly { readonly key: Key; readonly error: OpenRouterKeysError }[];
  /**
   * The keys that a sweep of the temporary ones left alone although they have the
   * marker: they tell no time at which they end, so that they may live for ever.
   */
  readonly endless: readonly Key[];
}

/** What an audit came to. */
export interface AuditReport {
  /**
   * When the keys were judged, by the server's clock or, where its date cannot be
   * seen, by this machine's. Absent if neither tells: then nothing was judged to be
   * `unused`, `never_used`, `expires_soon` or `expired`.
   */
  readonly at?: Timestamp;
  /** Every key with its findings, in the order of the listing. */
  readonly keys: readonly AuditedKey[];
  /** The credit that all keys spent. */
  readonly spend: Spend;
  /** What all keys spent with one's own provider keys (BYOK). No part of `spend`: it is paid to the provider. */
  readonly byokSpend: Spend;
  /**
   * How many rows of the listing are not even objects. They may stand for keys, which
   * were not judged. Rows that are alike may be more than are counted.
   */
  readonly unexpectedRows: number;
  /**
   * The keys with findings as a table, and the sums. Names are on one line, cut, and
   * without whatever looks like an API key.
   */
  readonly table: string;
}

/** A key, and what an audit found about it. */
export interface AuditedKey {
  /** The key. */
  readonly key: Key;
  /** What was found, each kind at most once; empty if the key is as it should be. */
  readonly findings: readonly AuditFinding[];
}

/**
 * Why a key needs attention. The part of a day that is not whole is dropped. A key
 * that is disabled or has expired spends nothing, so that neither its limit nor its
 * use is looked at.
 */
export type AuditFinding =
  | {
      /** It stopped working so many days ago. */
      readonly kind: "expired";
      readonly days: number;
    }
  | {
      /** It is switched off and still there; for so many days nothing of it was changed. Absent if that is not known. */
      readonly kind: "disabled";
      readonly days?: number;
    }
  | {
      /** It has no limit: it can spend whatever the account has. */
      readonly kind: "no_limit";
    }
  | {
      /** This share of its limit is spent, from 0 to 1: of the present day, week or month where it starts anew. */
      readonly kind: "near_limit";
      readonly share: number;
    }
  | {
      /** Nothing is left of its limit, which may be 0. */
      readonly kind: "limit_reached";
    }
  | {
      /**
       * Nobody has used it for so many days. A key that has spent and has no recorded use was
       * used before the end of 2025: then these are the days since, at least.
       */
      readonly kind: "unused";
      readonly days: number;
    }
  | {
      /** Nothing was spent with it and no use is on record since it was made, so many days ago. */
      readonly kind: "never_used";
      readonly days: number;
    }
  | {
      /** It will stop working in so many days. */
      readonly kind: "expires_soon";
      readonly days: number;
    }
  | {
      /** So many keys of its workspace that have not expired have exactly its name, this one included. */
      readonly kind: "duplicate_name";
      readonly keys: number;
    }
  | {
      /** Fields that the audit needs are missing from the response, or unexpected. Checks that need them were skipped, and totals exclude them. */
      readonly kind: "unreadable";
      readonly fields: readonly string[];
    };

/** US dollars that were spent. */
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
  /** The partner's own key, at least 32 characters. It is a secret. */
  apiKey?: string | undefined;
}

/** Which key is replaced, and how: either `hash` with settings, or `resume` alone. */
export interface RotateParams extends ListingParams {
  /** The hash of the key that is replaced. */
  hash?: string | undefined;
  /**
   * Whether the new key's limit is what is left of the old one's, also of one that starts anew:
   * then it is that little in each further day, week or month too. By default, what is left of
   * a limit that never starts anew goes over, and one that starts anew is copied whole.
   */
  limitRemaining?: boolean | undefined;
  /** Whether the new key's limit is the whole of the old one's, also of one that never starts anew. */
  fullLimit?: boolean | undefined;
  /**
   * Whether the old key is in wrong hands: it is disabled before anything else is
   * done, and no grace is given. Until the new key is handed over, none works.
   */
  leaked?: boolean | undefined;
  /** How long both keys work after the hand-over, in milliseconds; 60000 by default. */
  graceMs?: number | undefined;
  /** How long nobody must have used the old key before it is disabled; 60000 by default, 0 leaves the check out. */
  quietMs?: number | undefined;
  /** How long the old key stays disabled before it is deleted; 60000 by default. */
  watchMs?: number | undefined;
  /** The state that was saved last by a run that ended: it goes on from there. */
  resume?: Rotation | undefined;
}

/**
 * How far the replacement of a key has come. It is plain data without a secret,
 * the same as in Rust. Keep it as JSON: if the key's name shows a key, other copies
 * lack it and are refused.
 */
export interface Rotation {
  /** The hash of the key that is replaced. */
  readonly old: string;
  /** What was done last. */
  readonly step: "begun" | "creating" | "handing_over" | "handed_over" | "disabled" | "deleted" | "done";
  /** The hash of the new key, once it is known. */
  readonly new?: string;
  /** The masked new key. */
  readonly newLabel?: string;
  /** The name that the new key gets in the end. */
  readonly name?: string;
  /** The marked names under which this rotation may have made keys that it does not hold. */
  readonly unconfirmed?: readonly string[];
  /** When the pause after this step began, in seconds since 1970. */
  readonly since?: number;
  readonly leaked?: boolean;
  readonly remaining?: boolean;
  readonly full?: boolean;
  /** What was left of the old key's limit, if that is the new one's. */
  readonly carried?: number;
  /** The old key as it was last read, by the API's names. */
  readonly oldKey?: Readonly<Record<string, unknown>>;
  readonly graceMs?: number;
  readonly quietMs?: number;
  readonly watchMs?: number;
}

/**
 * Keeps a rotation's state, and takes its new key. Each method may return a
 * promise, which is waited for, also after an abort.
 */
export interface RotationHandler {
  /**
   * Stores this state instead of the last one, so that it outlives the program.
   * If it throws, the rotation ends; a new key that was not handed over yet is
   * deleted.
   */
  save(state: Rotation): unknown;
  /**
   * Stores the new key where it is used. If it throws, the key is deleted: it has
   * to mean that nobody uses it. What it throws is the error's cause, or a masked
   * account of it.
   */
  handOver(created: Created): unknown;
  /**
   * Whether the new key of this state was stored; {@link isNewKey} compares. This
   * is asked if the program ended while the key was handed over. If it was not,
   * the key is deleted; if this throws, everything stays as it is.
   */
  wasHandedOver(state: Rotation): boolean | Promise<boolean>;
}

/** What a rotation came to. */
export type Rotated =
  | {
      /** The old key is gone, and the new one has its name. */
      readonly outcome: "done";
      /** The new key's hash. */
      readonly new: string;
      /**
       * The old key as it was last read, disabled and about to be deleted: what it spent is in
       * no listing any more. Absent if somebody else deleted it before it was read.
       */
      readonly old?: Key;
      /**
       * The new key's limit, where it is what was left of the old one's. With 0, it works once
       * its limit is raised.
       */
      readonly carried?: number;
      /** Names under which a key may still turn up: give them to `sweep` later. */
      readonly unconfirmed: readonly string[];
    }
  | {
      /** Both keys are there: the old one was used after the grace, or enabled again. Resume later. */
      readonly outcome: "still_in_use";
      /** The old key. */
      readonly old: Key;
      /** The state, as it was saved. */
      readonly state: Rotation;
    };

/** Whether the secret is the new key of this state, as far as its label tells. */
export declare function isNewKey(state: Rotation, secret: string): boolean;

/** Whose key is looked for. */
export interface FindBySecretParams extends ListingParams {
  /** The secret, such as one that was found in a log. */
  secret: string;
  /** The workspaces (UUIDs) to search, in place of the one that the API names. */
  workspaceIds?: readonly string[] | undefined;
}

/** What became known about a secret. */
export interface FoundBySecret {
  /** The key; absent if no listed key has its label. Management keys are in no listing. */
  readonly key?: Key;
  /** What `getCurrentKeyMetadata` returns for the secret; absent if the API refuses it: then `key` is a guess, not proof. */
  readonly current?: CurrentKey;
}

/** What an API key is for: managing keys, or inference. No key does both. */
export type KeyKind = "management" | "inference";

/**
 * What is to change of a key. What is `undefined` or left out stays as it is;
 * `null` clears.
 */
export interface UpdateParams {
  /** Another name, of at least one character. */
  name?: string | undefined;
  /** Switches the key off or on. */
  disabled?: boolean | undefined;
  /** The spending limit in US dollars; `null` removes it: the key is then unlimited. */
  limit?: number | null | undefined;
  /** When the limit starts anew; `null` means never. */
  limitReset?: LimitReset | null | undefined;
  /** Whether BYOK spending counts against the limit. */
  includeByokInLimit?: boolean | undefined;
  /** Moves the key to the workspace of this UUID. */
  workspaceId?: string | undefined;
}

/** Headers, as an object or as pairs. */
export type HeadersOption = Readonly<Record<string, string>> | Iterable<readonly [string, string]>;

/**
 * What is tried again, and after which pause. No setting makes a create go out
 * twice whose first request may have been processed.
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
  /** The longest `Retry-After` that is waited for; 60000 by default. */
  maxRetryAfterMs?: number | undefined;
  /** Whether jitter randomly shortens the pauses; true by default. */
  jitter?: boolean | undefined;
  /** Whether a create is never sent again after a 503; false by default. */
  strict?: boolean | undefined;
}

/** What one call sets in place of the client's settings. */
export interface CallOptions {
  /**
   * Ends the call with an {@link AbortError}, in flight and during a pause alike. A create
   * whose whole secret has arrived by then resolves with it.
   */
  signal?: AbortSignal | null | undefined;
  /** How long the call may take with all its attempts and pauses. */
  timeoutMs?: number | undefined;
  /** How long one attempt may take. */
  attemptTimeoutMs?: number | undefined;
  /** Extra headers, each in place of the client's of that name. */
  headers?: HeadersOption | undefined;
  /** What is tried again; `false` for one attempt and no more. */
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

/** What one listing sets in place of the client's settings. */
export interface ListAllOptions extends CallOptions {
  /** Called after each page with the listing's progress. What it throws ends the listing. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * `fetch`, or a function that can stand in for it. It is called as `fetch(url, init)`.
 *
 * What it rejects with may be about a request of its own. So no code in it is
 * believed: a create that it rejects may have made a key.
 */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * What tells the time and waits; the runtime's own by default. See
 * `openrouter-keys/testing`. The runtime's also stands in for a `now` that gives
 * no number and for a `setTimeout` that throws.
 */
export interface Clock {
  /** Milliseconds since any fixed moment, by a clock that never goes back. */
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
   * The management key, or a function that returns the current one. The function
   * is called before each attempt, in the async context (`AsyncLocalStorage`) of
   * the call: cache what is costly.
   */
  apiKey: string | (() => string | Promise<string>);
  /** Where the API is; `https://openrouter.ai/api/v1` by default. */
  baseUrl?: string | URL | undefined;
  /** How long a call may take with all its attempts and pauses; 60000 by default. */
  timeoutMs?: number | undefined;
  /** How long one attempt may take; 30000 by default. */
  attemptTimeoutMs?: number | undefined;
  /** How long the pause between two pieces of a body may be; 10000 by default. */
  idleTimeoutMs?: number | undefined;
  /** How many requests a call may send; 3 by default. Short for `retry: { maxAttempts }`. */
  maxAttempts?: number | undefined;
  /** How many bytes the body of a success may have; 4 MiB by default. */
  maxSuccessBytes?: number | undefined;
  /** How many bytes the body of an error may have; 64 KiB by default. */
  maxErrorBytes?: number | undefined;
  /**
   * What carries the requests; the runtime's `fetch` by default. With another
   * function, a create that is rejected counts as one that may have been made.
   */
  fetch?: Fetch | undefined;
  /** What tells the time; the runtime's clock by default. */
  clock?: Clock | undefined;
  /**
   * Lets the client be built in a web page or a worker of one. Whoever can open
   * the page can then read the management key, make keys and spend the
   * account's money: only for pages that nobody else can open.
   */
  dangerouslyAllowBrowser?: boolean | undefined;
}

/** What a response carried beside its value. */
export declare class ResponseInfo {
  private constructor();
  /** The status, such as 200 or 201. */
  readonly status: number;
  /** How many requests the call took. */
  readonly attempts: number;
  /** The server's name for the request: `x-request-id`, else `cf-ray`. */
  readonly requestId?: string;
  /** The rate limit that the response reports; each part only if it is a number. */
  readonly rateLimit: RateLimit;
  /** Fields of the response's outermost object that appear nowhere else. Absent if there are none. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** All headers that the runtime shows. A getter of the prototype: printing shows none of them. */
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

/** A call under way: a promise of its value. */
export declare class Call<T> extends Promise<T> {
  /** The same call's value with status, request id, rate limit and number of attempts. */
  withResponse(): Promise<{ data: T; response: ResponseInfo }>;
}

/**
 * The keys of all pages, each once. It ends after the first error, and at the next key
 * once its `signal` is aborted. It is read once: a loop or a `toArray` after its end is
 * refused. Call `listAll` again for another.
 */
export interface KeyListing extends AsyncIterableIterator<Key> {
  return(value?: unknown): Promise<IteratorResult<Key, undefined>>;
  throw(error?: unknown): Promise<IteratorResult<Key, undefined>>;
  /** All keys that are left. */
  toArray(): Promise<Key[]>;
  /** Ends the listing, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Manages API keys. */
export declare class OpenRouterKeys {
  /**
   * A client.
   *
   * @throws {InvalidArgumentError} if an option is refused; nothing of a key is in the error.
   */
  constructor(options: ClientOptions);

  /** Lists one page of keys, newest first: `GET /keys`. */
  list(params?: ListParams, options?: CallOptions): Call<Page>;

  /**
   * Lists the keys of all pages, each once. A key that exists from the first
   * request to the last is given exactly once, whatever is created and deleted
   * meanwhile. It reads on until a page has nothing new, one request behind the first
   * short page: see `stopAtShortPage`.
   *
   * Its requests run in the async context (`AsyncLocalStorage`) of this call,
   * whoever reads on.
   */
  listAll(params?: ListAllParams, options?: ListAllOptions): KeyListing;

  /**
   * Makes a key: `POST /keys`. Its secret is in the result, and nowhere else
   * ever.
   *
   * It is sent again only when the server surely did not process it. An error
   * whose `mayHaveCreated` is set means that a key may exist that nobody holds.
   */
  create(params: CreateParams, options?: CallOptions): Call<Created>;

  /** Gets the key of this hash: `GET /keys/{hash}`. */
  get(hash: string, options?: CallOptions): Call<Key>;

  /** Changes what is named and leaves the rest: `PATCH /keys/{hash}`. */
  update(hash: string, changes: UpdateParams, options?: CallOptions): Call<Key>;

  /** Deletes the key of this hash, for good: `DELETE /keys/{hash}`. */
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
   * The key's name carries a marker of 128 random bits, by which this call knows
   * its own: a lost key is looked for by its exact name and deleted before the
   * next is made. Nothing without such a marker is touched. An error's
   * `mayHaveCreated.names` are what to `sweep` later.
   */
  createReconciled(params: CreateReconciledParams, options?: CallOptions): Promise<Reconciled>;

  /**
   * Makes sure that there is one key of this name with these settings. Only what
   * is named and differs is changed.
   *
   * However many callers do this at once, one key stays, and at most one caller
   * has its secret. It is not atomic: for a short time there may be several.
   */
  ensure(params: EnsureParams, options?: CallOptions): Promise<Ensured>;

  /**
   * Deletes the keys that lost creates left behind, by their marked names, or the
   * temporary ones that have expired.
   */
  sweep(params: SweepParams, options?: CallOptions): Promise<Swept>;

  /**
   * Makes a key for a time, to be closed after its work: with an end, at which the
   * API stops it if nobody does, and with a marker, by which `sweep` finds it. A
   * lost response leaves no key behind, as of `createReconciled`.
   */
  temporary(params: TemporaryParams, options?: CallOptions): Promise<TemporaryKey>;

  /**
   * Replaces a key with a new one that has the same settings: creates it, tests it,
   * hands it over, waits until the old one is unused, disables and deletes that.
   *
   * The state is saved before and after every step that cannot be undone. A program
   * that was killed resumes with `{ resume: state }`. Only one program at a time may
   * run a rotation.
   */
  rotate(params: RotateParams, handler: RotationHandler, options?: CallOptions): Promise<Rotated>;

  /** Finds the key that a secret belongs to, by its label. Several are a {@link SeveralKeysError}. */
  findBySecret(params: FindBySecretParams, options?: CallOptions): Promise<FoundBySecret>;

  /** Checks with one request that the client's key is of this kind; {@link WrongKeyKindError} if it is of the other. */
  checkKey(kind: KeyKind, options?: CallOptions): Promise<CurrentKey>;

  /**
   * Looks at all keys, disabled and expired ones included, and reports those that need
   * attention. It reads and changes nothing.
   */
  audit(params?: AuditParams, options?: CallOptions): Promise<AuditReport>;

  /**
   * Forgets the API key and refuses further calls; calls under way go on, and a
   * listing ends at its next key. Also under `Symbol.dispose`, where the runtime
   * has it, for `using`.
   */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** What is needed to find a key that a failed create may have left behind. */
export interface MayHaveCreated {
  /** The key's name. */
  readonly name: string;
  /** Every name under which a workflow may have left a key; `name` alone for a single create. */
  readonly names: readonly string[];
  /** The key's hash, if a workflow made the key and could not delete it. */
  readonly hash?: string;
  /** The workspace; `undefined` means the default one. */
  readonly workspaceId?: string;
  /** When the first request could have left, by this machine's clock; absent if the clock does not tell. */
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
  /** Which kind of failure it was. */
  readonly code: ErrorCode;
  /** The operation, such as `create`; `new OpenRouterKeys` for the client's own. */
  readonly operation: string;
  /** What the failed call may have left behind. */
  readonly effect: "nothing" | "may_have_changed" | "may_have_taken_effect" | "may_have_created" | "partly_done";
  /** Whether making the same call again is safe and may succeed. Never for a create that may have been processed. */
  readonly isRetryable: boolean;
  /** How many requests left. */
  readonly attempts: number;
  /** The HTTP status of the last response, if its head was seen. */
  readonly status?: number;
  /** How long the server asked to wait. */
  readonly retryAfterMs?: number;
  /** The server's name for the last request. */
  readonly requestId?: string;
  /** What to look for if a create may have left a key behind. */
  readonly mayHaveCreated?: MayHaveCreated;
  /** What the API says about the error in its own words, secrets masked. */
  readonly metadata?: unknown;
}

/**
 * An argument or an option was refused. Nothing was sent. What it threw when it
 * was read is the `cause`.
 */
export declare class InvalidArgumentError extends OpenRouterKeysError {
  /** Which one, such as `limit` or `baseUrl`. */
  readonly argument: string;
}

/** The function that gives the API key failed; see `cause`. Nothing was sent in that attempt. */
export declare class CredentialsError extends OpenRouterKeysError {}

/** The call was ended by its `signal`, whose reason is the `cause`. `name` is `AbortError`. */
export declare class AbortError extends OpenRouterKeysError {}

/** The exchange failed below HTTP. */
export declare class ConnectionError extends OpenRouterKeysError {}

/** A time limit passed. */
export declare class TimeoutError extends ConnectionError {}

/** The server answered with an error. */
export declare class ApiError extends OpenRouterKeysError {
  readonly status: number;
  /** The API's own message; absent if the body is not the API's. */
  readonly apiMessage?: string;
  /** The API's own code, which usually equals the status. */
  readonly apiCode?: number;
  /** The user whom the error names. */
  readonly userId?: string;
  /** The metadata beside the error. */
  readonly openrouterMetadata?: unknown;
  /** What the body was. */
  readonly body: "documented" | "other_json" | "html" | "other" | "empty" | (string & {});
  /** The kind of the key that signed the request, if the message says that it is the wrong one. */
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
/** 409: the request is in conflict with the present state. On an update it is retryable. */
export declare class ConflictError extends ApiError {}
/** 425 and 429: too many requests. */
export declare class RateLimitError extends ApiError {}
/** 408 and 500 to 599: the server or the edge before it failed. */
export declare class ServerError extends ApiError {}

/** The server reported success in a body that cannot be read. */
export declare class UnreadableResponseError extends OpenRouterKeysError {
  /** Where and why. */
  readonly unreadable: Unreadable;
}

/** The server answered with a redirect, which is never followed: it would carry the API key to another place. */
export declare class UnexpectedRedirectError extends OpenRouterKeysError {
  /** Scheme, host and port of the target, where the runtime and the response say. */
  readonly origin?: string;
}

/** A further page of a listing brought nothing new. */
export declare class PaginationStalledError extends OpenRouterKeysError {
  /** The offset at which it stalled. */
  readonly offset: number;
}

/** A listing needs more requests than it may take, or its pages hold far more than they should. */
export declare class TooManyPagesError extends OpenRouterKeysError {
  /** How many it may take. */
  readonly requests: number;
}

/** Several keys have the name, and nobody said which of them counts. */
export declare class SeveralKeysError extends OpenRouterKeysError {
  /** The keys; those of a name, the oldest first. */
  readonly keys: readonly Key[];
}

/** The API key is of the kind that cannot do this. */
export declare class WrongKeyKindError extends OpenRouterKeysError {
  /** The kind that it is of. */
  readonly keyKind: KeyKind | (string & {});
  /** The kind that is needed. */
  readonly needed: KeyKind | (string & {});
}

/** A new key does not work as it was asked for, or is gone. */
export declare class UnverifiedError extends OpenRouterKeysError {
  /** What is wrong. */
  readonly problem: string;
}

/** A function of the caller's {@link RotationHandler} failed. What it threw is the `cause`. */
export declare class RotationHandlerError extends OpenRouterKeysError {
  /** Which of its functions. */
  readonly method: keyof RotationHandler | (string & {});
}

/** Whether this package made the error, also where another copy of it did. */
export declare function isOpenRouterKeysError(error: unknown): error is OpenRouterKeysError;

/** The timestamp as a `Date`, which holds milliseconds; `undefined` for `null` and `undefined`. */
export declare function toDate(timestamp: Timestamp): Date;
export declare function toDate(timestamp: Timestamp | null | undefined): Date | undefined;

/** Whether the key manages keys, by the newer or the older name of the field. */
export declare function managesKeys(key: CurrentKey): boolean | undefined;

declare global {
  // As `lib: esnext.disposable` has it: without this, types with
  // `[Symbol.dispose]` fail to check under the older libraries.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
}
