// The calls of the wire vectors of `tests/vectors`: a vector becomes a client
// over a scripted fetch and a call of it.

export const API_KEY = "sk-or-v1-the-key-that-signs-every-vector";

const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
export const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camelKeys = (given) => Object.fromEntries(Object.entries(given).map(([name, value]) => [camel(name), value]));

const CODES = {
  dns: "ENOTFOUND",
  connect: "ECONNREFUSED",
  connect_timeout: "UND_ERR_CONNECT_TIMEOUT",
  tls: "ERR_TLS_CERT_ALTNAME_INVALID",
  disconnected: "ECONNRESET",
  idle_timeout: "UND_ERR_BODY_TIMEOUT",
  protocol: "HPE_INVALID_CONSTANT",
  other_ambiguous: "SOMETHING_ELSE",
};

function failureOf(name) {
  const code = CODES[name];
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}

function replies(answers = []) {
  return answers.flatMap((answer) => {
    const { status, headers = [], failure, after_ms: delayMs, times = 1 } = answer;
    const pairs = headers.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
    let reply;
    if (failure === "never" && status === undefined) reply = { rejects: undefined, delayMs: Infinity };
    else if (failure === "never") reply = { status, headers: pairs, stalls: true, delayMs };
    else if (failure && status !== undefined) reply = { status, headers: pairs, body: bodyOf(answer), stalls: failureOf(failure), delayMs };
    else if (failure) reply = { rejects: failureOf(failure), delayMs };
    else reply = { status, headers: pairs, body: [204, 205, 304].includes(status) ? null : bodyOf(answer), delayMs };
    return Array(times).fill(reply);
  });
}

export function bodyOf({ body, body_json, body_hex, body_repeat }) {
  if (body !== undefined) return body;
  if (body_json !== undefined) return JSON.stringify(body_json);
  if (body_hex !== undefined) return Uint8Array.from(body_hex.match(/../g), (digits) => parseInt(digits, 16));
  if (body_repeat !== undefined) return body_repeat[0].repeat(body_repeat[1]);
  return null;
}

function settings({ max_success_body, max_error_body, retry, ...others } = {}) {
  const given = camelKeys(others);
  if (retry) given.retry = camelKeys(retry);
  if (max_success_body !== undefined) given.maxSuccessBytes = max_success_body;
  if (max_error_body !== undefined) given.maxErrorBytes = max_error_body;
  return given;
}

const NOT_FINITE = { NaN, Infinity, "-Infinity": -Infinity };

function params(given) {
  const { hash, external, ...others } = given;
  const result = camelKeys(others);
  if (Object.hasOwn(NOT_FINITE, result.limit)) result.limit = NOT_FINITE[result.limit];
  if (external) result.external = camelKeys(external);
  return result;
}

function call(keys, operation, given, options) {
  switch (operation) {
    case "list":
      return keys.list(params(given), options);
    case "create":
      return keys.create(params(given), options);
    case "get":
      return keys.get(given.hash, options);
    case "update":
      return keys.update(given.hash, params(given), options);
    case "delete":
      return keys.delete(given.hash, options);
    default:
      return keys.getCurrentKeyMetadata(options);
  }
}

/**
 * What makes a vector's call and tells what came of it, by the package's exports
 * and those of its testing module. The options are those that a client needs
 * where this runs, whatever the vector.
 */
export function callsOf({ OpenRouterKeys }, { fakeFetch, virtualClock }, options) {
  return async function make(vector) {
    const clock = virtualClock();
    const script = replies(vector.answers);
    // The request is answered well where a vector is about it alone.
    const well = { list: { data: [] }, create: { key: "sk-or-v1-made", data: {} }, delete: { deleted: true } };
    if (vector.request) script.push({ status: 200, body: JSON.stringify(well[vector.operation] ?? { data: {} }) });
    const fetch = fakeFetch(script, { clock });
    const came = { requests: fetch.requests, clock };
    try {
      // The fake transport of the Rust tests has no idle timeout.
      const idleTimeoutMs = script.some(({ stalls }) => stalls === true) ? Infinity : undefined;
      came.keys = new OpenRouterKeys({ apiKey: API_KEY, fetch, clock, idleTimeoutMs, ...options, ...settings(vector.settings) });
      came.value = await call(came.keys, vector.operation, vector.arguments ?? {}, settings(vector.call)).withResponse();
    } catch (error) {
      came.error = error;
    }
    return came;
  };
}
