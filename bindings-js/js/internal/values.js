// The classes of what calls return.

import { brand } from "./brand.js";
import { errorOf } from "./errors.js";
import { concealed, hidden, hide, takeOver, withoutGetters } from "./hidden.js";
import { put, read } from "./own.js";
import { stateOf } from "./rotation.js";
import { TextDecoder, TextEncoder } from "./text.js";

/** Stored as bytes: a walk through scopes and maps finds no string. */
const [encoder, decoder] = [new TextEncoder(), new TextDecoder("utf-8", { ignoreBOM: true })];

/** A created key. Nothing that prints, copies or inspects the object shows the secret. */
export class Created {
  /** Internal. */
  constructor(key) {
    hide(this, { key: encoder.encode(key) });
  }

  get key() {
    return decoder.decode(hidden(this).key);
  }
}

withoutGetters(Created.prototype);

const ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** A key that lives until it is closed or expires. */
export class TemporaryKey extends Created {
  /** Internal. */
  constructor(key, close) {
    super(key);
    hidden(this).close = close;
  }

  /** Closes once; a failed close can be repeated. */
  close(options) {
    let own;
    try {
      own = hidden(this, "closeTemporary", "key.close");
    } catch (error) {
      return Promise.reject(error);
    }
    own.closed ??= own.close(options).catch((error) => {
      own.closed = undefined;
      throw error;
    });
    return own.closed;
  }

  async [ASYNC_DISPOSE]() {
    hidden(this, "closeTemporary", "key.close");
    await this.close();
  }
}

/** A response without its value. Its headers are in no own property. */
export class ResponseInfo {
  /** Internal. */
  constructor(headers) {
    hide(this, { headers });
  }

  get headers() {
    const lines = hidden(this).headers.split("\n").filter((line) => line.includes(":"));
    const kind = typeof Headers === "function" ? Headers : Map;
    return new kind(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
  }
}

withoutGetters(ResponseInfo.prototype);

brand(Created, "Created");
brand(TemporaryKey, "TemporaryKey");
brand(ResponseInfo, "ResponseInfo");

/**
 * Converts an object by its kind. The context has a temporary key's `close` and, for
 * failures, `shown`, which hides secrets, and the call's `signal`.
 */
export const MAKERS = {
  __proto__: null,
  Created: (fields) => filled(new Created(fields.key), fields),
  TemporaryKey(fields, { close }) {
    const { name, data, unconfirmed, workspaceId } = revealed(fields);
    const held = { __proto__: null, name, hash: data ? read(data, "hash") : undefined, unconfirmed, workspaceId };
    return filled(new TemporaryKey(fields.key, (options) => close(held, options)), fields, "workspaceId");
  },
  ResponseInfo: (fields) => takeOver(new ResponseInfo(fields.headers), fields, "headers"),
  Rotation: stateOf,
  MayHaveCreated: revealed,
  Failure: (fields, context) => errorOf(revealed(fields), context),
};

/** All fields, none from a prototype. */
function revealed(fields) {
  return { __proto__: null, ...fields, ...concealed(fields) };
}

/** `data` becomes an empty object if there was none. */
function filled(created, fields, ...without) {
  put(fields, "data", read(fields, "data") ?? {});
  return takeOver(created, fields, "key", ...without);
}
