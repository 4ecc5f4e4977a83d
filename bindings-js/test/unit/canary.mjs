// Plants the canaries in a vector's settings, arguments and responses.

import { API_KEY } from "../vectors/calls.js";

export const SIGNING = "sk-or-v1-canary-of-the-key-that-signs-0123456789";
export const CREATED = "sk-or-v1-canary-of-the-created-key-0123456789abc";
export const GATEWAY = "canary-of-the-gateway-token-0123456789";
export const PARTNER = "canary-of-the-partners-own-key-0123456789";

/** Whether the server sends just the vector's response, or repeats every secret, plainly or with JSON escapes. */
export const SERVERS = ["discreet", "repeating", "escaping"];

/** The secrets that a call of the operation sends or receives. */
export function knownTo(operation) {
  return operation === "create" ? [SIGNING, CREATED, GATEWAY, PARTNER] : [SIGNING, CREATED, GATEWAY];
}

/** The vector with canaries instead of its secrets. */
export function planted(vector, server) {
  const { operation, success, ...rest } = structuredClone(vector);
  const all = knownTo(operation).join(" and ");
  const { api_key = SIGNING, headers = [], ...others } = rest.settings ?? {};
  const settings = { ...others, api_key, headers: [...headers, ["x-gateway-token", GATEWAY]] };
  const given = rest.arguments ?? {};
  const external = { user: "partner", ...given.external, api_key: PARTNER };
  const args = operation === "create" ? { ...given, external } : rest.arguments;
  const responses = rest.responses?.map((response) => {
    const signed = withCanary(response, API_KEY, SIGNING);
    const own = success?.secret ? withCanary(signed, success.secret, CREATED) : signed;
    return server === "discreet" || own.failure ? own : repeating(own, all, server === "escaping");
  });
  return { ...rest, operation, success, settings, arguments: args, responses };
}

function withCanary(response, secret, canary) {
  const { body, body_json } = response;
  if (body !== undefined) return { ...response, body: body.replaceAll(secret, canary) };
  if (body_json === undefined) return response;
  return { ...response, body_json: JSON.parse(JSON.stringify(body_json).replaceAll(secret, canary)) };
}

/** The response with the text in its head and its body, of whatever form. */
function repeating({ headers = [], body, body_json, ...rest }, all, escapes) {
  const word = all.replaceAll(" and ", ".");
  const kept = headers.filter((line) => !/^(x-request-id|location):/i.test(line));
  const added = [`x-request-id: ${all}`, `set-cookie: ${word}`, `location: https://${word}.example/${word}?${word}`];
  const response = { ...rest, headers: [...kept, ...added] };
  const json = body_json ?? parsed(body);
  if (json !== undefined) {
    const text = JSON.stringify(spoken(json, all));
    response.body = escapes ? escaped(text) : text;
  } else if (body !== undefined) {
    response.body = body + (escapes ? escaped(all) : all);
  }
  return response;
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function escaped(text) {
  return text.replaceAll("sk-or", "\\u0073k-or").replaceAll("canary-of", "c\\u0061nary-of");
}

/** Adds the text to every object, in a name and in values of unexpected types, and to an error's documented fields. */
function spoken(json, all) {
  if (Array.isArray(json)) return json.map((item) => spoken(item, all));
  if (typeof json !== "object" || json === null) return json;
  const object = Object.fromEntries(Object.entries(json).map(([name, value]) => [name, spoken(value, all)]));
  if (typeof object.error === "object" && object.error !== null) {
    Object.assign(object.error, { message: all, metadata: { [all]: [all, { raw: all }] } });
    Object.assign(object, { user_id: all, openrouter_metadata: { deep: { [all]: all } } });
  }
  return { ...object, echo: [all, { [all]: all }], [all]: all };
}
