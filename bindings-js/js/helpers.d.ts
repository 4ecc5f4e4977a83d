/**
 * The error classes and functions of `openrouter-keys` that need no WebAssembly, for code
 * that sends nothing itself. The classes are those of `openrouter-keys`.
 *
 * @packageDocumentation
 */

export {
  AbortError,
  ApiError,
  BadRequestError,
  ConflictError,
  ConnectionError,
  CredentialsError,
  ForbiddenError,
  InvalidArgumentError,
  isOpenRouterKeysError,
  RotationHandlerError,
  NotFoundError,
  OpenRouterKeysError,
  PaginationStalledError,
  PaymentRequiredError,
  RateLimitError,
  ServerError,
  SeveralKeysError,
  Stop,
  TimeoutError,
  TooManyPagesError,
  UnauthorizedError,
  UnexpectedRedirectError,
  UnreadableResponseError,
  UnverifiedError,
  WrongKeyKindError,
  isNewKey,
  managesKeys,
  toDate,
} from "./index.js";

export type { CurrentKey, ErrorCode, MayHaveCreated, Timestamp } from "./index.js";
