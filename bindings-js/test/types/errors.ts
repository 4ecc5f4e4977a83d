// Distinguishing errors.

import type { MayHaveCreated } from "openrouter-keys";
import {
  AbortError,
  ApiError,
  ConnectionError,
  InvalidArgumentError,
  isOpenRouterKeysError,
  NotFoundError,
  OpenRouterKeysError,
  PaginationStalledError,
  TimeoutError,
  UnexpectedRedirectError,
  UnreadableResponseError,
} from "openrouter-keys";
import { same } from "./equal.js";

export function told(error: unknown): string | number | undefined {
  // @ts-expect-error: nothing is known yet
  error.code;
  if (error instanceof NotFoundError) {
    const status: number = error.status;
    const message: string | undefined = error.apiMessage;
    return message ?? status;
  }
  if (error instanceof ApiError) return error.body;
  if (error instanceof InvalidArgumentError) return error.argument;
  if (error instanceof UnreadableResponseError) return error.unreadable.path;
  if (error instanceof UnexpectedRedirectError) return error.origin;
  if (error instanceof PaginationStalledError) return error.offset;
  if (error instanceof TimeoutError || error instanceof AbortError) return error.name;
  if (isOpenRouterKeysError(error)) {
    const orphan: MayHaveCreated | undefined = error.mayHaveCreated;
    // @ts-expect-error: only a response has one
    const status: number = error.status;
    // @ts-expect-error: the API's metadata must be narrowed first
    error.metadata.raw;
    return orphan?.name ?? error.retryAfterMs ?? status;
  }
  return undefined;
}

export function switched(error: OpenRouterKeysError): boolean {
  switch (error.code) {
    case "too_many_requests":
    case "call_timeout":
      return error.isRetryable;
    case "a code of a later version":
      return false;
    default:
      return error.effect === "nothing";
  }
}

declare const error: OpenRouterKeysError;
same<OpenRouterKeysError["effect"], "nothing" | "may_have_changed" | "may_have_taken_effect" | "may_have_created" | "partly_done">();
// @ts-expect-error: there is no such effect
error.effect === "something";
// @ts-expect-error: errors are read-only
error.code = "other";
// @ts-expect-error: only this package creates them
new OpenRouterKeysError();

const asError: Error = error;
const asConnection: ConnectionError = {} as TimeoutError;
export { asConnection, asError };
