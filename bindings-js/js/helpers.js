// What needs no WebAssembly: the error classes, and functions of plain values. A separate
// entry for pages and programs that send nothing.

import { read } from "./internal/own.js";

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
} from "./internal/errors.js";
export { isNewKey } from "./internal/rotation.js";

export function toDate(timestamp) {
  return timestamp === null || timestamp === undefined ? undefined : new Date(timestamp);
}

export function managesKeys(key) {
  return read(key, "isManagementKey") ?? read(key, "isProvisioningKey");
}
