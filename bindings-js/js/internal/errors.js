// The error classes, and the conversion of a failed call into one.

import { brand, isBranded, stamp } from "./brand.js";
import { put, putAll, read } from "./own.js";
import { steers } from "./steering.js";

function iso(ms) {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

export class OpenRouterKeysError extends Error {
  /** Internal. */
  constructor(message, fields = {}, cause) {
    super(message, cause === undefined ? undefined : { cause });
    putAll(this, fields);
  }
}

export class InvalidArgumentError extends OpenRouterKeysError {}
export class CredentialsError extends OpenRouterKeysError {}
export class AbortError extends OpenRouterKeysError {}
export class ConnectionError extends OpenRouterKeysError {}
export class TimeoutError extends ConnectionError {}
export class ApiError extends OpenRouterKeysError {}
export class BadRequestError extends ApiError {}
export class UnauthorizedError extends ApiError {}
export class PaymentRequiredError extends ApiError {}
export class ForbiddenError extends ApiError {}
export class NotFoundError extends ApiError {}
export class ConflictError extends ApiError {}
export class RateLimitError extends ApiError {}
export class ServerError extends ApiError {}
export class UnreadableResponseError extends OpenRouterKeysError {}
export class UnexpectedRedirectError extends OpenRouterKeysError {}
export class PaginationStalledError extends OpenRouterKeysError {}
export class TooManyPagesError extends OpenRouterKeysError {}
export class SeveralKeysError extends OpenRouterKeysError {}
export class WrongKeyKindError extends OpenRouterKeysError {}
export class UnverifiedError extends OpenRouterKeysError {}
export class RotationHandlerError extends OpenRouterKeysError {}

/** For a rotation's handler to throw. */
export class Stop extends Error {
  constructor(message, options) {
    super(message, options);
    stamp(this, "Stop");
  }
}

put(Stop.prototype, "name", "Stop", false);

// Minifiers rename classes.
for (const [name, kind] of Object.entries({
  OpenRouterKeysError,
  InvalidArgumentError,
  CredentialsError,
  AbortError,
  ConnectionError,
  TimeoutError,
  ApiError,
  BadRequestError,
  UnauthorizedError,
  PaymentRequiredError,
  ForbiddenError,
  NotFoundError,
  ConflictError,
  RateLimitError,
  ServerError,
  UnreadableResponseError,
  UnexpectedRedirectError,
  PaginationStalledError,
  TooManyPagesError,
  SeveralKeysError,
  WrongKeyKindError,
  UnverifiedError,
  RotationHandlerError,
})) {
  put(kind.prototype, "name", name, false);
  brand(kind, name);
}

/** By code; all others are `ConnectionError`. */
const KINDS = {
  __proto__: null,
  bad_request: BadRequestError,
  payload_too_large: BadRequestError,
  unprocessable: BadRequestError,
  unauthorized: UnauthorizedError,
  payment_required: PaymentRequiredError,
  forbidden: ForbiddenError,
  not_found: NotFoundError,
  conflict: ConflictError,
  too_many_requests: RateLimitError,
  request_timeout: ServerError,
  server: ServerError,
  other_status: ApiError,
  connect_timeout: TimeoutError,
  attempt_timeout: TimeoutError,
  idle_timeout: TimeoutError,
  call_timeout: TimeoutError,
  invalid_argument: InvalidArgumentError,
  credentials: CredentialsError,
  aborted: AbortError,
  pagination_stalled: PaginationStalledError,
  too_many_pages: TooManyPagesError,
  several_keys: SeveralKeysError,
  wrong_key_kind: WrongKeyKindError,
  unverified: UnverifiedError,
  rotation_handler: RotationHandlerError,
  unexpected_redirect: UnexpectedRedirectError,
  unreadable: UnreadableResponseError,
};

export function isOpenRouterKeysError(error) {
  return isBranded(error, "OpenRouterKeysError");
}

/** An argument refused before the module sees it. */
export function refused(operation, argument, problem, cause, remedy = "correct the argument") {
  // A hash comes from an earlier call, which may have changed something.
  const effect = argument === "hash" ? "this call sent nothing" : "nothing was created or changed";
  const message = `${operation}: ${problem}; ${effect}; ${remedy}`;
  const fields = {
    code: "invalid_argument",
    operation,
    effect: "nothing",
    isRetryable: false,
    attempts: 0,
    argument,
  };
  return new InvalidArgumentError(message, fields, cause);
}

export function noModule(problem, cause) {
  const operation = "new OpenRouterKeys";
  const fields = { code: "setup", operation, effect: "nothing", isRetryable: false, attempts: 0 };
  return new ConnectionError(`${operation}: ${problem}; nothing was created or changed`, fields, cause);
}

/** Refuses an argument that throws when it is read. */
export function readArgument(operation, argument, read) {
  try {
    return read();
  } catch (thrown) {
    throw refused(operation, argument, `${argument} cannot be read`, thrown);
  }
}

/** The error that `src/error.rs` wrote. `shown` hides secrets in what foreign code threw. */
export function errorOf(failure, { shown, signal }) {
  const { message, thrown, reason, ...rest } = failure;
  const fields = { __proto__: null, ...rest };
  const { code } = fields;
  const kind = KINDS[code] ?? ConnectionError;
  const isConnection = kind === ConnectionError || kind === TimeoutError;
  // See `steering.js`: the framework must get what it threw.
  if (thrown !== undefined && (isConnection || (code === "credentials" && steers(thrown)))) return thrown;
  if (fields.mayHaveCreated) fields.mayHaveCreated = orphanOf(fields.mayHaveCreated, shown);
  let cause = reason === undefined ? undefined : new Error(reason);
  if (thrown !== undefined) cause = shown(thrown);
  if (code === "aborted") cause = shown(reasonOf(signal));
  return new kind(shown(message), fields, cause);
}

function reasonOf(signal) {
  try {
    return signal ? read(signal, "reason") : undefined;
  } catch (thrown) {
    return thrown;
  }
}

const hiddenNames = new WeakMap();

/** Names that show a secret: readable, never printed. */
class WithoutNames {
  constructor(names) {
    hiddenNames.set(this, names);
  }

  get name() {
    return this.names.at(0);
  }

  get names() {
    return hiddenNames.get(this);
  }

  /** Node can be configured to print what getters return. */
  [Symbol.for("nodejs.util.inspect.custom")]() {
    return { ...this };
  }
}

function orphanOf({ names, hash, workspaceId, from, until }, shown) {
  const isClean = names.every((name) => shown(name) === name);
  const orphan = isClean ? { name: names.at(0) ?? "", names } : new WithoutNames(names);
  return putAll(orphan, { hash, workspaceId, from: iso(from), until: iso(until) });
}
