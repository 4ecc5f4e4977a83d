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
  KeyHolderError,
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
  UnverifiedError,
  WrongKeyKindError,
} from "./errors.js";
export { isNewKey } from "./rotation.js";
export { Created, managesKeys, ResponseInfo, TemporaryKey, toDate } from "./values.js";
