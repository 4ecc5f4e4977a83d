// What the package exports.

export { Call } from "./call.js";
export { OpenRouterKeys } from "./client.js";
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
  NotFoundError,
  OpenRouterKeysError,
  PaginationStalledError,
  PaymentRequiredError,
  RateLimitError,
  ServerError,
  SeveralKeysError,
  TimeoutError,
  TooManyPagesError,
  UnauthorizedError,
  UnexpectedRedirectError,
  UnreadableAnswerError,
} from "./errors.js";
export { Created, managesKeys, ResponseInfo, TemporaryKey, toDate } from "./values.js";
