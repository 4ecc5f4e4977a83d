// The error classes, and how a failed call becomes one.

import { brand, isBranded } from "./brand.js";
import { put, putAll, read } from "./own.js";
import { steers } from "./steering.js";

function iso(ms) {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

export class OpenRouterKeysError extends Error {
  /** For this package alone. */
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
export class UnreadableAnswerError extends OpenRouterKeysError {}
export class UnexpectedRedirectError extends OpenRouterKeysError {}
export class PaginationStalledError extends OpenRouterKeysError {}
export class TooManyPagesError extends OpenRouterKeysError {}
export class SeveralKeysError extends OpenRouterKeysError {}
export class WrongKeyKindError extends OpenRouterKeysError {}
export class UnverifiedError extends OpenRouterKeysError {}
export class KeyHolderError extends OpenRouterKeysError {}

// As texts, because a minifier renames classes.
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
  UnreadableAnswerError,
  UnexpectedRedirectError,
  PaginationStalledError,
  TooManyPagesError,
  SeveralKeysError,
  WrongKeyKindError,
  UnverifiedError,
  KeyHolderError,
})) {
  put(kind.prototype, "name", name, false);
  brand(kind, name);
}

const API_ERRORS = {
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
};

const OTHER_ERRORS = {
  __proto__: null,
  invalid_argument: InvalidArgumentError,
  credentials: CredentialsError,
  aborted: AbortError,
  pagination_stalled: PaginationStalledError,
  too_many_pages: TooManyPagesError,
  several_keys: SeveralKeysError,
  wrong_key_kind: WrongKeyKindError,
  unverified: UnverifiedError,
  key_holder: KeyHolderError,
  unexpected_redirect: UnexpectedRedirectError,
  unreadable: UnreadableAnswerError,
};

export function isOpenRouterKeysError(error) {
  return isBranded(error, "OpenRouterKeysError");
}

/** An argument that is refused before the module sees it. */
export function refused(operation, argument, problem, cause, remedy = "correct the argument") {
  // A hash comes from an earlier response, whose call did what it did.
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

/** An argument that throws when it is read is refused. */
export function look(operation, argument, read) {
  try {
    return read();
  } catch (thrown) {
    throw refused(operation, argument, `${argument} cannot be read`, thrown);
  }
}

/** In the order of `src/error.rs`. `thrown` is what the caller's function threw; `shown` hides secrets. */
export function readError(tape, shown, thrown, signal) {
  const code = tape.value();
  const message = shown(tape.value());
  const fields = {
    code,
    operation: tape.value(),
    effect: tape.value(),
    isRetryable: tape.value(),
    attempts: tape.value(),
    status: tape.value(),
    retryAfterMs: tape.value(),
    requestId: tape.value(),
    mayHaveCreated: tape.value() ? readOrphan(tape, shown) : undefined,
  };
  let kind = API_ERRORS[code];
  let cause;
  if (kind) {
    putAll(fields, {
      apiMessage: tape.value(),
      apiCode: tape.value(),
      metadata: tape.value(),
      userId: tape.value(),
      openrouterMetadata: tape.value(),
      body: tape.value(),
      keyKind: tape.value(),
    });
    return new kind(message, fields);
  }
  kind = OTHER_ERRORS[code];
  switch (code) {
    case "invalid_argument":
      put(fields, "argument", tape.value());
      break;
    case "credentials":
      if (steers(thrown)) return thrown;
      cause = thrown === undefined ? new Error(tape.value()) : shown(thrown);
      break;
    case "aborted":
      cause = shown(reasonOf(signal));
      break;
    case "pagination_stalled":
      put(fields, "offset", tape.value());
      break;
    case "too_many_pages":
      put(fields, "requests", tape.value());
      break;
    case "several_keys":
      put(fields, "keys", tape.list());
      break;
    case "wrong_key_kind":
      putAll(fields, { keyKind: tape.value(), needed: tape.value() });
      break;
    case "unverified":
      put(fields, "problem", tape.value());
      break;
    case "key_holder":
      put(fields, "method", tape.value());
      cause = thrown === undefined ? new Error(tape.value()) : shown(thrown);
      break;
    case "unexpected_redirect":
      put(fields, "origin", tape.value());
      break;
    case "unreadable":
      put(fields, "unreadable", { path: tape.value(), kind: tape.value() });
      break;
    default: {
      // A framework's own signal, see `steering.js`: it must get what it threw.
      if (thrown !== undefined) return thrown;
      kind = code.endsWith("_timeout") ? TimeoutError : ConnectionError;
      const text = tape.value();
      if (text !== undefined) cause = new Error(text);
    }
  }
  return new kind(message, fields, cause);
}

function reasonOf(signal) {
  try {
    return signal ? read(signal, "reason") : undefined;
  } catch (thrown) {
    return thrown;
  }
}

const hiddenNames = new WeakMap();

/** Names that show a secret: a program reads them, and nothing prints them. */
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

  /** Node can be told to print what getters return. */
  [Symbol.for("nodejs.util.inspect.custom")]() {
    return { ...this };
  }
}

function readOrphan(tape, shown) {
  const names = tape.list();
  const isClean = names.every((name) => shown(name) === name);
  const orphan = isClean ? { name: names.at(0) ?? "", names } : new WithoutNames(names);
  return putAll(orphan, {
    hash: tape.value(),
    workspaceId: tape.value(),
    from: iso(tape.value()),
    until: iso(tape.value()),
  });
}
