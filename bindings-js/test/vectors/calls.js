// Turns each wire vector of `tests/vectors` into a client over a scripted fetch and a call
// of that client.

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

/** The entry of this name; without the check, an unknown name would be tested as another. */
export function entry(table, name) {
  if (!Object.hasOwn(table, name)) throw new Error(`${name} is none of ${Object.keys(table).join(", ")}: add it to bindings-js/test/vectors`);
  return table[name];
}

function failureOf(name) {
  const code = entry(CODES, name);
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}

function replies(responses = []) {
  return responses.flatMap((response) => {
    const { status, headers = [], failure, after_ms: delayMs, times = 1 } = response;
    const pairs = headers.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
    let reply;
    if (failure === "never" && status === undefined) reply = { rejects: undefined, delayMs: Infinity };
    else if (failure === "never") reply = { status, headers: pairs, body: bodyOf(response), stalls: true, delayMs };
    else if (failure && status !== undefined) reply = { status, headers: pairs, body: bodyOf(response), stalls: failureOf(failure), delayMs };
    else if (failure) reply = { rejects: failureOf(failure), delayMs };
    else reply = { status, headers: pairs, body: [204, 205, 304].includes(status) ? null : bodyOf(response), delayMs };
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

/** For values that the API writes in `data`. */
const ANY = { well: { data: {} }, sent: ({ data }) => data };

/** Each operation: its call, a valid response, and what its value shows of a response. */
export const OPERATIONS = {
  list: { call: (keys, given, options) => keys.list(params(given), options), well: { data: [] }, sent: (body) => body },
  create: {
    call: (keys, given, options) => keys.create(params(given), options),
    well: { key: "sk-or-v1-made", data: {} },
    sent: ({ key, ...rest }) => rest,
  },
  get: { ...ANY, call: (keys, { hash }, options) => keys.get(hash, options) },
  update: { ...ANY, call: (keys, given, options) => keys.update(given.hash, params(given), options) },
  delete: {
    call: (keys, { hash }, options) => keys.delete(hash, options),
    well: { deleted: true },
    sent() {
      throw new Error("delete returns nothing that was sent");
    },
  },
  get_current_key_metadata: { ...ANY, call: (keys, _, options) => keys.getCurrentKeyMetadata(options) },
};

/**
 * A function that makes a vector's call and returns its outcome, with the package's exports
 * and those of its testing module. Every client gets the options, which this runtime needs.
 */
export function callsOf({ OpenRouterKeys }, { fakeFetch, virtualClock }, options) {
  return async function make(vector) {
    const clock = virtualClock({ startMs: Date.UTC(2027, 0, 1) });
    const script = replies(vector.responses);
    const { call, well } = entry(OPERATIONS, vector.operation);
    // A vector that is only about the request gets a valid response.
    if (vector.request) script.push({ status: 200, body: JSON.stringify(well) });
    const fetch = fakeFetch(script, { clock });
    const came = { requests: fetch.requests, clock };
    try {
      // The fake transport of the Rust tests has no idle timeout.
      const idleTimeoutMs = script.some(({ stalls }) => stalls === true) ? Infinity : undefined;
      came.keys = new OpenRouterKeys({ apiKey: API_KEY, fetch, clock, idleTimeoutMs, ...options, ...settings(vector.settings) });
      came.value = await call(came.keys, vector.arguments ?? {}, settings(vector.call)).withResponse();
    } catch (error) {
      came.error = error;
    }
    return came;
  };
}
