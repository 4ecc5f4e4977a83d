/**
 * Rotates keys from many machines, which share nothing but a store: R2, a Durable Object, S3 or
 * what speaks its protocol. Machines that use the Rust crate `openrouter-keys-fleet` can share the
 * same store.
 *
 * ```js
 * // A Cloudflare Worker on a cron trigger.
 * import { OpenRouterKeys } from "openrouter-keys";
 * import { r2Sink, r2Store, runFleet } from "openrouter-keys/fleet";
 *
 * export default {
 *   async scheduled(event, env) {
 *     const client = new OpenRouterKeys({ apiKey: env.OPENROUTER_MANAGEMENT_KEY });
 *     const report = await runFleet({
 *       client,
 *       store: r2Store(env.ROTATIONS),
 *       openSink: () => r2Sink(env.SECRETS),
 *       sink: "r2",
 *       rule: { olderThanMs: 30 * 86_400_000 },
 *       longestPauseMs: 60_000,
 *     });
 *     for (const { old, outcome } of report.rows) console.log(old, outcome);
 *   },
 * };
 * ```
 *
 * Each rotation has a log of numbered objects, which are created and never changed. Of two machines
 * that write the same number, the store lets one win, so the log is the lock, the journal and the
 * audit trail. It contains no secret. Secrets go into sinks.
 *
 * Times are in milliseconds.
 *
 * @packageDocumentation
 */

import type { Key, OpenRouterKeys, OpenRouterKeysError, RotateParams, Rotation, RotationHandler, Timestamp } from "./index.js";

/** One entry of a rotation's log: plain data without a secret, the same as in Rust. */
export interface RotationEntry {
  /** The entry's number; the first is 1. */
  readonly sequence: number;
  /** The program that wrote it, by a name that no other run has; empty if nobody continues the rotation now. */
  readonly owner: string;
  /** How long the rotation is the owner's from this entry on. */
  readonly leaseMs: number;
  /** Where the secret goes, as the programs that share the log write it. It may change until a key is about to be created. */
  readonly sink?: string;
  /** The rotation's state. */
  readonly rotation: Rotation;
}

/** The state that a log without entries stands for. It has no number and no owner yet. */
export declare function entryBefore(rotation: Rotation, sink?: string): RotationEntry;

/** The entry with which the owner gives the rotation up, so that others need not wait. */
export declare function releasedEntry(entry: RotationEntry): RotationEntry;

/**
 * How long another program must see this entry as the newest before it may continue the rotation:
 * the lease and the timeout of one call, which may still be on its way. 0 if nobody continues it.
 *
 * It is measured by one clock from the moment the entry was read, so clocks need not agree.
 */
export declare function takeoverAfterMs(entry: RotationEntry, timeoutMs: number): number;

/**
 * The logs of rotations, which several machines share. Entries are appended and never changed, so
 * a log is the lock, the journal and the audit trail in one.
 */
export interface RotationStore {
  /** The newest entry of the rotation of the key with this hash. */
  load(hash: string): Promise<RotationEntry | undefined>;
  /**
   * Appends the entry to the log of the key `entry.rotation.old`, where it outlives the program,
   * unless the log has one with this number: then it returns `false`. Of two programs that append
   * the same number, one gets `true`. If it throws, the entry may or may not be in the log.
   *
   * Write the entry with `JSON.stringify`: other copies may lack a name that shows a key.
   */
  append(entry: RotationEntry): Promise<boolean>;
}

/** An account: a pass with another account's management key would find none of its keys. */
export interface Account {
  /** The base URL of the API. */
  readonly server: string;
  /** The organisation or the user, as the API names it. */
  readonly owner: string;
}

/** A store that {@link runFleet} can use. */
export interface FleetStore extends RotationStore {
  /** The account whose rotations these are; `undefined` before the first pass. */
  account(): Promise<Account | undefined>;
  /** Makes the rotations this account's; rejects if they are another's. */
  requireAccount(account: Account): Promise<void>;
  /**
   * Each key that has a log: whether its rotation needs nothing more, and whether keys may still
   * appear that nobody has.
   */
  list(): Promise<Map<string, { isDone: boolean; isLate: boolean }>>;
  /** Records that the rotation needs nothing more, and if `isLate`, that keys may still appear under the names in its newest entry. */
  finish(hash: string, options?: { isLate?: boolean }): Promise<void>;
  /** Records that no key can appear any more. */
  forgetLate(hash: string): Promise<void>;
  /** Every entry, oldest first: the audit trail. */
  entries(hash: string): Promise<RotationEntry[]>;
}

/** Named texts, such as the objects of a bucket or the files of a folder. */
export interface ObjectStorage {
  /** The text with this name. */
  get(name: string): Promise<string | undefined>;
  /** Creates it, and returns `false` if there is one with this name. Of two callers at once, one gets `true`. */
  create(name: string, text: string): Promise<boolean>;
  /** Creates or replaces it. */
  put(name: string, text: string): Promise<unknown>;
  /** Deletes it, if there is one. */
  delete(name: string): Promise<unknown>;
  /** All names with this prefix, in any order. */
  list(prefix: string): Promise<string[]>;
}

/**
 * A store of objects, below a prefix. The names are those of the Rust crate's `Store`:
 * `<prefix>/rotations/<hash>/0000000001.json` and `…/done`.
 *
 * @throws {TypeError} if the prefix has characters that would have to be encoded.
 */
export declare function objectStore(objects: ObjectStorage, prefix?: string): FleetStore;

/** A store in memory, for tests: it does not outlive the program. */
export declare function memoryStore(): FleetStore;

/** What {@link r2Store} uses of a bucket's binding. */
export interface R2BucketLike {
  get(name: string): Promise<{ text(): Promise<string> } | null>;
  put(name: string, value: string, options?: { onlyIf?: { etagDoesNotMatch?: string } }): Promise<unknown>;
  delete(name: string): Promise<unknown>;
  list(options: { prefix: string; cursor?: string }): Promise<{
    objects: readonly { key: string }[];
    truncated: boolean;
    cursor?: string;
  }>;
}

/** A store in a bucket of Cloudflare R2, by its binding. */
export declare function r2Store(bucket: R2BucketLike, prefix?: string): FleetStore;

/** What {@link durableObjectStore} uses of a namespace's binding. */
export interface DurableObjectNamespaceLike {
  idFromName(name: string): any;
  get(id: any): { fetch(url: string, init: { method: string; body: string }): Promise<{ ok: boolean; status: number; json(): Promise<any> }> };
}

/**
 * A store in one Durable Object. Export its class, {@link RotationLogs}, from your Worker, and bind
 * the namespace to it.
 */
export declare function durableObjectStore(
  namespace: DurableObjectNamespaceLike,
  options?: {
    /** The object's name; `rotations` by default. */
    name?: string | undefined;
    prefix?: string | undefined;
  },
): FleetStore;

/** The Durable Object of {@link durableObjectStore}, with either kind of storage. Only your Worker can reach it. */
export declare class RotationLogs {
  constructor(state: { storage: any });
  fetch(request: { json(): Promise<any> }): Promise<Response>;
}

/** Where {@link s3Store} keeps the logs. */
export interface S3StoreOptions {
  /** The bucket's URL, such as `https://my-bucket.s3.eu-central-1.amazonaws.com` or `https://minio.example/my-bucket`. */
  bucket: string | URL;
  prefix?: string | undefined;
  /**
   * A `fetch` that signs requests (AWS Signature Version 4), such as the method `fetch` of
   * `aws4fetch`'s `AwsClient`. It may retry.
   */
  fetch(url: string, init?: { method?: string; body?: string; headers?: Record<string, string> }): Promise<Response>;
}

/**
 * A store in a bucket of Amazon S3, or of what speaks its protocol. The server must support
 * conditional writes (`If-None-Match: *`).
 *
 * ```js
 * import { AwsClient } from "aws4fetch";
 *
 * const aws = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: "eu-central-1" });
 * const store = s3Store({
 *   bucket: "https://my-bucket.s3.eu-central-1.amazonaws.com",
 *   fetch: (url, init) => aws.fetch(url, init),
 * });
 * ```
 */
export declare function s3Store(options: S3StoreOptions): FleetStore;

/** A new key, without its secret, and the key that it replaces. */
export declare class Delivery {
  private constructor();
  /** The name that the key has in the end: the old key's. */
  readonly name: string;
  /**
   * The key's hash; empty until the key is created. No other secret has it, so a second `put` with
   * the same hash is a repetition.
   */
  readonly hash: string;
  /** The masked key. */
  readonly label?: string;
  /** The old key's hash. It identifies the rotation. */
  readonly replaces: string;
  /** The masked old key. */
  readonly oldLabel?: string;
  /**
   * A fencing token: the number of the log entry under which the program calls the sink. A program
   * that has taken the rotation over has a higher one. Each rotation counts from 1, so only tokens
   * with the same `replaces` can be compared.
   */
  readonly fence: number;
  /** Whether this secret is the key's, judging by its label. */
  isSecret(secret: string): boolean;
}

/**
 * Where the secrets of new keys are stored, such as a vault that services read.
 *
 * A machine may sleep in the middle of `put` and wake after another has taken the rotation over and
 * deleted its key. A sink keeps it out if it stores `hash`, `replaces` and the highest `fence` that
 * it was called with, in the same conditional write as the secret. It then refuses a call for the
 * same rotation with a lower fence, and a call for a rotation that replaces another key than the one
 * it has. A sink that cannot must be fast: it relies on the lease.
 */
export interface SecretSink {
  /** Throws if `put` could not store a secret, as far as that shows before the key exists: then none is created. */
  check?(key: Delivery): unknown;
  /**
   * Stores the secret in place of the old one. Storing the same key twice must do no harm. Throw
   * {@link NotStored} if nobody uses the secret; after any other error it counts as unknown.
   */
  put(secret: string, key: Delivery): unknown;
  /**
   * Whether the secret of this key was stored; `undefined` if the sink cannot be asked. From then
   * on, a sink with a fence refuses calls with a lower one.
   */
  wasPut(key: Delivery): boolean | undefined | Promise<boolean | undefined>;
}

/** What {@link r2Sink} uses of a bucket's binding. */
export interface R2SecretBucketLike {
  get(name: string): Promise<{ etag: string; customMetadata?: Record<string, string>; text(): Promise<string> } | null>;
  put(
    name: string,
    value: string,
    options?: { onlyIf?: { etagMatches?: string; etagDoesNotMatch?: string }; customMetadata?: Record<string, string> },
  ): Promise<unknown>;
}

/**
 * A sink in a bucket of Cloudflare R2, which Workers read by its binding: the secret of each key is
 * the object with the prefix and the key's name. It has a fence. Use another bucket than the
 * store's, and give it to nobody else: its objects are secrets. A secret of another key is never
 * replaced; one that you put there yourself is, if it is the old key.
 */
export declare function r2Sink(bucket: R2SecretBucketLike, prefix?: string): SecretSink;

/** Thrown by a sink that has definitely not stored a secret: the key is deleted. */
export declare class NotStored extends Error {
  constructor(message?: string, options?: { cause?: unknown });
}

/** A {@link RotationHandler} for a store and a sink, of a rotation that this program has claimed. */
export interface StoredRotation extends RotationHandler {
  /** The state to resume from. */
  readonly rotation: Rotation;
  /** The owner's name. */
  readonly owner: string;
}

/**
 * Makes the rotation `owner`'s by appending to the log, with the state of its newest entry.
 * `undefined` if another program was faster. Use the handler with the same `leaseMs`. {@link
 * runFleet} does all of this for many keys.
 *
 * Call it only once {@link takeoverAfterMs} has passed since `newest` was read.
 *
 * ```js
 * const newest = (await store.load(hash)) ?? entryBefore({ old: hash, step: "begun" }, "vault");
 * if (newest.owner === "") {
 *   const owner = `machine 1 ${crypto.randomUUID()}`;
 *   const stored = await storedRotation({ store, sink, newest, owner, leaseMs });
 *   if (stored) await keys.rotate({ resume: stored.rotation, leaseMs }, stored);
 * }
 * ```
 */
export declare function storedRotation(options: {
  store: RotationStore;
  sink: SecretSink;
  newest: RotationEntry;
  /** No other claim may have the same owner, not even one of this program: add something random to its name. */
  owner: string;
  leaseMs: number;
}): Promise<StoredRotation | undefined>;

/** Which keys a rule selects, among those of its age. */
export interface RuleFilters {
  /** Only keys whose names begin with this. */
  namePrefix?: string | undefined;
  /** The keys of these workspaces (UUIDs), instead of the default workspace's. */
  workspaceIds?: readonly string[] | undefined;
  /** Only keys for which this returns true. */
  only?: ((key: Key) => boolean) | undefined;
}

/**
 * Selects keys to rotate, by their age: without one, each pass would rotate the keys that the pass
 * before has created. A key whose age the API does not say is not selected. Disabled and expired
 * keys are never selected, nor are keys that a rotation or a temporary use has marked as its own.
 */
export type Rule = RuleFilters &
  (
    | {
        /** Keys created longer ago than this. */
        olderThanMs: number;
        createdBefore?: undefined;
      }
    | {
        /**
         * Keys created before this moment, which must have passed. Every pass with the same moment
         * selects the same keys, so that all keys of an account are rotated once, however many passes
         * that takes.
         */
        createdBefore: Timestamp | Date;
        olderThanMs?: undefined;
      }
  );

/** What a pass does. */
export interface FleetOptions {
  /** A client with a management key. */
  client: OpenRouterKeys;
  store: FleetStore;
  /** Returns the sink that a rotation's log names, for the secret of the key with this hash. */
  openSink(sink: string, old: string): SecretSink | Promise<SecretSink>;
  /**
   * The sink of the rotations that this pass begins: what `openSink` is given. Empty by default. A
   * rotation of one of its keys that an earlier pass began gets it too, with the `settings` that are
   * given, if it has created nothing.
   */
  sink?: string | undefined;
  /** The hashes of keys whose rotations to begin. Without `keys`, `onlyKeys` and `rule`, none is begun. */
  keys?: readonly string[] | undefined;
  /** The same, instead of `keys`, and open rotations of other keys are left alone. */
  onlyKeys?: readonly string[] | undefined;
  /** Which keys' rotations to begin, instead of `keys`. */
  rule?: Rule | undefined;
  /** The pauses and the budget of the rotations that this pass begins, as of `rotate`. */
  settings?: Pick<RotateParams, "limitRemaining" | "fullLimit" | "leaked" | "graceMs" | "quietMs" | "watchMs"> | undefined;
  /**
   * Works only on one part of the keys, by a number of their hashes: part `index`, counted from 0,
   * of `of`. Without it, machines get in each other's way, which wastes requests and harms nothing.
   */
  shard?: { index: number; of: number } | undefined;
  /** Begins at most so many rotations. */
  atMost?: number | undefined;
  /** How many rotations it works on at once; 8 by default. */
  inFlight?: number | undefined;
  /** The name of this machine in the logs; a random one by default. Something random is added for each claim. */
  owner?: string | undefined;
  /** How long a rotation is this machine's from each entry that it writes; 3 minutes by default. More than `timeoutMs`. */
  leaseMs?: number | undefined;
  /** The timeout of a call, the same on all machines; 1 minute by default. */
  timeoutMs?: number | undefined;
  /**
   * How long it waits for a rotation that another machine may have left when it died; the lease and
   * the timeout of a call by default, 4 minutes. With less, such a rotation is reported as busy, and
   * only a machine with more patience continues it.
   */
  patienceMs?: number | undefined;
  /**
   * Reports a rotation as waiting, instead of a pause that is longer than this; every pause is
   * waited for by default. The pause counts from its beginning, and a later pass continues.
   */
  longestPauseMs?: number | undefined;
  /** For tests, such as `virtualClock()`. */
  clock?: { now(): number; date(): number; setTimeout(callback: () => void, ms: number): unknown } | undefined;
}

/** One rotation, and how far it got. */
export type FleetRow = {
  /** The old key's hash. */
  readonly old: string;
} & (
  | {
      /** The old key is deleted, and the new one has its name. */
      readonly outcome: "done";
      /** The new key's hash. */
      readonly new: string;
      /** Names under which a key that nobody has may still appear. Passes of the next 24 hours delete it. */
      readonly unconfirmed: readonly string[];
    }
  /** The new key was handed over; the old one is still used. A later pass continues. */
  | { readonly outcome: "still_in_use" }
  | {
      /** The new key was handed over, and a pause is longer than `longestPauseMs`. A later pass continues. */
      readonly outcome: "waiting";
      /** How long the pause still takes. */
      readonly leftMs: number;
    }
  /** The account does not have the old key, and either no new one was created or that is not there any more. */
  | { readonly outcome: "gone" }
  | {
      /** Another machine works on it. */
      readonly outcome: "busy";
      /** The machine's name. */
      readonly owner: string;
    }
  | {
      /** It failed; a later pass continues. */
      readonly outcome: "failed";
      /** What may have been created, among others. */
      readonly error: OpenRouterKeysError;
    }
  | {
      /** The store or the sink failed; a later pass continues. */
      readonly outcome: "unreachable";
      /** What they threw. */
      readonly cause: unknown;
    }
);

/** The result of a pass. */
export interface FleetReport {
  /** By the old keys' hashes, in ascending order. */
  readonly rows: readonly FleetRow[];
  /** The names of keys that nobody had, which appeared after their rotation was done. They are deleted. */
  readonly swept: readonly string[];
  /** Why such keys could not be looked for or deleted; a later pass tries again. */
  readonly notSwept?: unknown;
  /** Whether another pass is needed. */
  readonly isOpen: boolean;
  /** How long the pass took. */
  readonly tookMs: number;
}

/**
 * Makes one pass: continues the rotations that are open, begins those of the selected keys, and
 * returns a report. Run passes from a cron trigger, on as many machines as you like. It rejects only
 * if an option is refused, the client has no management key, the store belongs to another account,
 * or the store or the API cannot be listed.
 */
export declare function runFleet(options: FleetOptions): Promise<FleetReport>;
