// Servers that no client should trust, and what reached them.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";

import { selfSigned } from "./certificate.mjs";

const HEADER_BYTES = 2 << 20;
/** Lets a page send its request at all. */
const FROM_ANY_PAGE = { "access-control-allow-origin": "*", "access-control-allow-methods": "*", "access-control-allow-headers": "*, authorization" };

/** A TLS server with an untrusted certificate. */
export async function startUntrusted() {
  const requests = [];
  return listening(createServer(selfSigned(), record(requests)), "https", requests);
}

/** A server whose response to a create has a header of 2 MB. */
export async function startMonstrous() {
  const requests = [];
  const listener = record(requests, (response) => response.setHeader("x-monstrous", "m".repeat(HEADER_BYTES)));
  return listening(createHttpServer(listener), "http", requests);
}

function record(requests, addTo = () => {}) {
  return (request, response) => {
    requests.push(request.method);
    for (const [name, value] of Object.entries(FROM_ANY_PAGE)) response.setHeader(name, value);
    if (request.method === "OPTIONS") return response.writeHead(204).end();
    addTo(response);
    request.resume();
    return response.writeHead(201, { "content-type": "application/json" }).end("{}");
  };
}

async function listening(server, scheme, requests) {
  // A client that refuses it is not a failure of the server.
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `${scheme}://127.0.0.1:${server.address().port}/api/v1`,
    requests,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
