// Servers that make a create fail, each in its own way, and what reached them.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { createServer } from "node:net";

import { selfSigned } from "./certificate.mjs";

/** Lets a page send its request at all. */
const FROM_ANY_PAGE = { "access-control-allow-origin": "*", "access-control-allow-methods": "*", "access-control-allow-headers": "*, authorization" };
const LISTED = '{"data":[]}';
/** RFC 9113, section 7. */
const [NO_ERROR, INTERNAL_ERROR, REFUSED_STREAM] = [0, 2, 7];

/**
 * The servers by situation, each with its `url` and the number of `creates` whose bytes
 * arrived. `records` counts all bytes.
 */
export async function startFailing() {
  const { cert, key } = selfSigned();
  const tcp = (connected) => createServer((socket) => connected(socket.on("error", () => {})));
  const secure = (act) => h2({ cert, key }, act);
  const records = { bytes: 0 };
  const servers = {
    closed: await listening("http", tcp(() => {})),
    plainHttp: await listening("https", plain((_, response) => response.end("{}"))),
    closesHandshake: await listening("https", tcp((socket) => socket.once("data", () => socket.end()))),
    resetsHandshake: await listening("https", tcp((socket) => socket.once("data", () => socket.resetAndDestroy()))),
    stallsHandshake: await listening("https", tcp(() => {})),
    untrusted: await listening("https", createHttpsServer(selfSigned(), (_, response) => response.end())),
    closes: await listening("http", plain(({ socket }) => socket.destroy())),
    stalls: await listening("http", plain(() => {})),
    records: await listening("http", tcp((socket) => socket.on("data", (data) => (records.bytes += data.length)))),
    refusesTunnel: await listening("http", createHttpServer().on("connect", (_, socket) => socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"))),
    endsBefore: await listening("https", secure((stream) => stream.session.goaway(NO_ERROR, stream.id - 2))),
    endsAfter: await listening("https", secure((stream) => endAfter(stream, NO_ERROR))),
    failsSession: await listening("https", secure((stream) => stream.session.goaway(INTERNAL_ERROR, stream.id - 2))),
    refusesStream: await listening("https", secure((stream) => stream.close(REFUSED_STREAM))),
    failsStream: await listening("https", secure((stream) => stream.close(INTERNAL_ERROR))),
  };
  servers.records.bytes = () => records.bytes;
  await servers.closed.stop();
  return { servers, cert, stop: () => Promise.all(Object.values(servers).map((server) => server.stop())) };
}

function endAfter(stream, code) {
  stream.session.goaway(code, stream.id);
  setImmediate(() => stream.session.destroy());
}

/** An HTTP/1.1 server that lists, and acts on a create once its body has arrived. */
function plain(act) {
  const server = createHttpServer((request, response) => {
    for (const [name, value] of Object.entries(FROM_ANY_PAGE)) response.setHeader(name, value);
    if (request.method !== "POST") return response.writeHead(200, { "content-type": "application/json" }).end(LISTED);
    request.resume().on("end", () => {
      server.creates++;
      act(request, response);
    });
  });
  return server;
}

/** The same over TLS and HTTP/2, acting as soon as the stream opens. */
function h2(options, act) {
  const server = createSecureServer(options);
  server.on("sessionError", () => {});
  server.on("stream", (stream, { ":method": method }) => {
    stream.on("error", () => {});
    if (method !== "POST") {
      stream.respond({ ":status": 200, "content-type": "application/json" });
      return stream.end(LISTED);
    }
    server.creates++;
    act(stream);
  });
  return server;
}

async function listening(scheme, server) {
  const sockets = new Set();
  server.creates = 0;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  return {
    url: `${scheme}://127.0.0.1:${port}/api/v1`,
    origin: `${scheme}://127.0.0.1:${port}`,
    creates: () => server.creates,
    async stop() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
