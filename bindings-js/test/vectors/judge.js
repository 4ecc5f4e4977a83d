// Compares the outcome of a wire vector's call with the vector.

import { API_KEY, bodyOf, entry, OPERATIONS, snake } from "./calls.js";
import { isSame } from "./same.js";
import { shown } from "./shown.js";

/** The object with the API's names again, with its unexpected and unknown fields; notes where these are. */
function wire(object, at, notes) {
  if (Array.isArray(object)) return object.map((item, index) => wire(item, `${at}/${index}`, notes));
  if (typeof object !== "object" || object === null) return object;
  const { unexpected = {}, extra = {}, ...known } = object;
  const result = {};
  for (const [name, value] of Object.entries(known)) {
    if (value !== undefined) result[snake(name)] = wire(value, `${at}/${snake(name)}`, notes);
  }
  for (const [name, value] of Object.entries(unexpected)) {
    result[snake(name)] = value;
    notes.unexpected.push(`${at}/${snake(name)}`);
  }
  for (const [name, value] of Object.entries(extra)) {
    result[name] = value;
    notes.extra.push(`${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
  }
  return result;
}

const asItIs = (data, notes) => wire(data, "", notes);

/** What each operation returns, as the API would write it. */
const VALUES = {
  list({ unexpectedRows = [], ...page }, notes) {
    const value = wire(page, "", notes);
    value.data = [...value.data, ...unexpectedRows];
    return value;
  },
  create: createdValue,
  get: asItIs,
  update: asItIs,
  delete: ({ alreadyGone }) => ({ already_gone: alreadyGone }),
  get_current_key_metadata: asItIs,
};

function createdValue(data, notes) {
  const { problem, data: key, ...rest } = data;
  const value = wire(rest, "", notes);
  const hasKey = problem?.path !== "$.data";
  if (hasKey && !(problem && Object.keys(key).length === 0)) value.data = wire(key, "/data", notes);
  else if (!hasKey && problem.kind === "wrong_type" && !("data" in value)) value.data = null;
  return value;
}

function at(value, pointer) {
  const steps = pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  return steps.reduce((inner, step) => inner?.[step], value);
}

const sorted = (list) => [...list].sort();

function judgeSuccess(vector, { value, error, isCreated }, expect) {
  if (error) return expect("value", "a value", error);
  const { success } = vector;
  const { data, response } = value;
  const notes = { unexpected: [], extra: [] };
  const plain = entry(VALUES, vector.operation)(data, notes);
  expect("status", success.status, response.status);
  expect("attempts", vector.requests_seen ?? 1, response.attempts);
  if (success.value !== undefined) expect("value", success.value, plain);
  if (success.same_as_sent) {
    const last = vector.responses[vector.requests_seen === undefined ? vector.responses.length - 1 : vector.requests_seen - 1];
    expect("same as sent", entry(OPERATIONS, vector.operation).sent(JSON.parse(bodyOf(last))), plain);
  }
  expect("odd", sorted(success.unexpected ?? []), sorted(notes.unexpected));
  expect("extra", sorted(success.extra ?? []), sorted(notes.extra));
  for (const pointer of success.absent ?? []) expect(`absent ${pointer}`, undefined, at(plain, pointer));
  for (const pointer of success.null ?? []) expect(`null ${pointer}`, null, at(plain, pointer));
  expect("envelope", sorted(success.envelope ?? []), sorted(Object.keys(response.extra ?? {})));
  expect("odd rows", success.unexpected_rows ?? [], data.unexpectedRows ?? []);
  expect("request id", success.request_id, response.requestId);
  const { limit = null, remaining = null, reset = null } = response.rateLimit;
  expect("rate limit", success.rate_limit ?? [null, null, null], [limit, remaining, reset]);
  const text = JSON.stringify(plain);
  for (const part of success.text_has ?? []) expect(`text has ${part}`, true, text.includes(asWritten(part)));
  expect("secret", success.secret, isCreated ? data.key : undefined);
  // `absent` and `odd` elsewhere say whether `data` exists.
  const problem = data.problem?.path === "$.data" && !success.problem ? undefined : data.problem;
  if (isCreated) expect("problem", success.problem, problem && { path: problem.path, kind: problem.kind });
  return undefined;
}

const KINDS = new Set(["unreadable", "unexpected_redirect", "bad_request", "unauthorized", "payment_required", "forbidden", "not_found", "request_timeout", "conflict", "payload_too_large", "unprocessable", "too_many_requests", "server", "other_status"]);

function judgeError(vector, { value, error, everything, ConnectionError }, expect) {
  if (!error) return expect("error", "an error", value);
  const { error: expected } = vector;
  const isHttp = KINDS.has(error.code);
  expect("kind", expected.kind, isHttp || !(error instanceof ConnectionError) ? error.code : "transport");
  expect("effect", expected.effect, error.effect);
  expect("retryable", expected.retryable, error.isRetryable);
  expect("attempts", expected.attempts, error.attempts);
  expect("status", expected.status, error.status);
  expect("message", expected.message, error.apiMessage);
  expect("code", expected.code, error.apiCode);
  expect("metadata", expected.metadata, error.metadata);
  expect("user id", expected.user_id, error.userId);
  expect("openrouter_metadata", expected.openrouter_metadata, error.openrouterMetadata);
  expect("body", expected.body, error.body);
  expect("retry after", expected.retry_after_ms, error.retryAfterMs);
  expect("request id", expected.request_id, error.requestId);
  const transport = isHttp ? undefined : { connection: "other" }[error.code] ?? error.code;
  expect("transport", expected.transport, transport);
  expect("unreadable", expected.unreadable, error.unreadable);
  expect("origin", expected.origin, error.origin);
  const orphan = error.mayHaveCreated;
  const window = orphan && { name: orphan.name, ...(orphan.workspaceId && { workspace_id: orphan.workspaceId }), window_ms: Date.parse(orphan.until) - Date.parse(orphan.from) };
  expect("look for", expected.look_for, window);
  says(expected, error, everything, expect);
  return undefined;
}

/** A member of an object as JavaScript writes it: `1.50` is `1.5` here. */
function asWritten(member) {
  const [, plain, comma] = member.match(/^(.*?)(,?)$/);
  return JSON.stringify(JSON.parse(`{${plain}}`)).slice(1, -1) + comma;
}

function judgeSecrets({ settings: { api_key = API_KEY } = {}, arguments: { external } = {}, success }, { everything }, expect) {
  const secrets = [api_key, external?.api_key, success?.secret].filter((secret) => secret?.length >= 16);
  for (const secret of secrets) expect(`hides ${secret}`, false, everything.includes(secret));
}

function says({ says: texts = [], hides = [] }, error, everything, expect) {
  for (const text of texts) expect(`says ${text}`, true, error.message.includes(text));
  // A stack has several lines, a message only one.
  for (const text of hides) expect(`hides ${text}`, false, (text.trim() === "" ? error.message : everything).includes(text));
}

const ARGUMENTS = {
  api_key: "apiKey",
  base_url: "baseUrl",
  creator_user_id: "creatorUserId",
  empty_update: "changes",
  external: "external",
  hash: "hash",
  header: "headers",
  limit: "limit",
  limit_reset: "limitReset",
  name: "name",
  retry_policy: "retry",
  timeout: "timeoutMs",
  timestamp: "expiresAt",
  workspace_id: "workspaceId",
};

function judgeRefusal({ refusal }, { value, error, requests, everything }, expect) {
  if (!error) return expect("refusal", "an error", value);
  expect("code", "invalid_argument", error.code);
  expect("argument", entry(ARGUMENTS, refusal.kind), TYPE_CHECKED[error.argument] ?? error.argument);
  expect("requests", 0, requests.length);
  says({ ...refusal, says: TYPE_CHECKED[error.argument] ? [] : refusal.says }, error, everything, expect);
  return undefined;
}

/** What the facade refuses by its type, with its own message. */
const TYPE_CHECKED = { attemptTimeoutMs: "timeoutMs", timeoutMs: "timeoutMs" };

function judgeRequest({ request }, { error, requests }, expect) {
  if (error) return expect("request", "a value", error);
  expect("requests", 1, requests.length);
  const [seen] = requests;
  expect("method", request.method, seen.method);
  expect("url", request.url, seen.url);
  const headers = Object.entries(seen.headers).map(([name, value]) => `${name}: ${value}`);
  expect("headers", request.headers, sorted(headers));
  expect("body", request.body ?? undefined, seen.body);
  return undefined;
}

function judgePauses(expected, { clock: { pauses } }, expect) {
  expect("number of pauses", expected.length, pauses.length);
  expected.forEach((pause, index) => {
    const [from, to] = Array.isArray(pause) ? pause : [pause, pause];
    const isWithin = pauses[index] >= from && pauses[index] <= to;
    expect(`pause ${index}: ${pauses[index]} within ${from} to ${to}`, true, isWithin);
  });
}

/** For readers of a failure. */
const readable = (value) => (value instanceof Error ? `${value}\n${value.stack}` : JSON.stringify(value));

/** The differences between the vector and its call's outcome. `inspect` prints a value, if the runtime can. */
export function problemsOf(vector, came, { ConnectionError, Created }, inspect) {
  const { value, error } = came;
  const seen = { ...came, ConnectionError, isCreated: value?.data instanceof Created, everything: shown(error ?? value, inspect) };
  const problems = [];
  const expect = (what, expected, actual) => {
    if (!isSame(expected, actual)) problems.push(`${what}: expected ${readable(expected)}, came ${readable(actual)}`);
  };
  const judge = { success: judgeSuccess, error: judgeError, refusal: judgeRefusal, request: judgeRequest };
  const [kind] = Object.keys(judge).filter((name) => vector[name]);
  entry(judge, kind)(vector, seen, expect);
  judgeSecrets(vector, seen, expect);
  if (vector.pauses_ms) judgePauses(vector.pauses_ms, seen, expect);
  if (vector.requests_seen !== undefined) expect("requests seen", vector.requests_seen, seen.requests.length);
  return problems;
}
