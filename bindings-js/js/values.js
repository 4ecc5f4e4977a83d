// What calls return beside plain objects.

import { brand } from "./brand.js";
import { give, hidden, hide, withoutGetters } from "./hidden.js";
import { putAll, read } from "./own.js";
import { readRotation } from "./rotation.js";
import { camelCase } from "./tape.js";
import { TextDecoder, TextEncoder } from "./text.js";

/** As numbers: what walks through scopes and maps finds no string. */
const [encoder, decoder] = [new TextEncoder(), new TextDecoder("utf-8", { ignoreBOM: true })];

/** A created key. Nothing that prints, copies or inspects the object shows the secret. */
export class Created {
  /** For this package alone. */
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
  /** For this package alone. */
  constructor(key, close) {
    super(key);
    hidden(this).close = close;
  }

  /** Once; what failed can be tried again. */
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

/** What an answer carried beside its value. Its headers are in no own property. */
export class ResponseInfo {
  /** For this package alone. */
  constructor(fields, headers) {
    hide(this, { headers });
    putAll(this, fields);
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

/** Reads what `src/answer.rs` wrote: first the value. */
export function readAnswer(tape, operation, secret) {
  return READERS[operation](tape, secret);
}

/** Then what came beside it, for those who ask for it. */
export function readResponse(tape) {
  const fields = {
    status: tape.value(),
    attempts: tape.value(),
    requestId: tape.value(),
    rateLimit: present({ limit: tape.value(), remaining: tape.value(), reset: tape.value() }),
  };
  return tape.extra(new ResponseInfo(fields, tape.value()));
}

const READERS = {
  list(tape) {
    const page = tape.fields({}, "data", "oddRows");
    if (page.oddRows.length === 0) delete page.oddRows;
    return tape.extra(page);
  },
  create: readCreated,
  get: (tape) => tape.value(),
  update: (tape) => tape.value(),
  delete: (tape) => ({ deleted: true, alreadyGone: tape.value() }),
  getCurrentKeyMetadata: (tape) => tape.value(),
  request: (tape) => tape.value(),
};

export function readCreated(tape, secret) {
  return readInto(new Created(secret), tape);
}

function readInto(created, tape) {
  const data = tape.value();
  const { isShy } = tape;
  const path = tape.value();
  const kind = tape.value();
  const isKey = path !== "$.data";
  putAll(created, {
    data: isKey ? (data ?? {}) : {},
    problem: path === undefined ? undefined : { path, kind },
  });
  if (!isKey && data !== undefined && data !== null) give(created, "odd", { data }, isShy);
  return tape.extra(created);
}

/** A temporary key; `close` takes what the module needs to close it, and options. */
export function readTemporary(tape, secret, close) {
  const lent = readInto(new TemporaryKey(secret, (options) => close(values, options)), tape);
  const { data, name, unconfirmed } = tape.fields(lent, "name", "swept", "unconfirmed", "expiresAt");
  // In the order in which `src/arguments.rs` takes it.
  const values = [name, read(data, "hash"), unconfirmed, tape.value()];
  return lent;
}

/** Reads what `src/answer.rs` wrote of a workflow, in the same order; `errors` are those that are part of it. */
export function readOutcome(tape, workflow, secret, errors) {
  return OUTCOMES[workflow](tape, secret, errors);
}

const OUTCOMES = {
  createReconciled: (tape, secret) => tape.fields({ created: readCreated(tape, secret) }, "name", "swept", "unconfirmed"),
  ensure(tape, secret, [unsettled]) {
    if (tape.value()) return present({ outcome: "created", created: readCreated(tape, secret), unsettled });
    return { outcome: "existing", key: tape.value(), changed: tape.list().map(camelCase) };
  },
  rotate(tape) {
    if (tape.value()) {
      return tape.fields({ outcome: "done" }, "new", "old", "carried", "unconfirmed");
    }
    return { outcome: "still_in_use", old: tape.value(), state: readRotation(tape) };
  },
  findBySecret: (tape) => tape.fields({}, "key", "current"),
  checkKey: (tape) => tape.value(),
  sweep(tape, _, errors) {
    const swept = tape.fields({}, "deleted", "absent", "failed", "endless");
    swept.failed = swept.failed.map((key, at) => ({ key, error: errors[at] }));
    return swept;
  },
  audit(tape) {
    const at = tape.value();
    const [keys, findings] = [tape.list(), tape.list()];
    return present({
      at,
      keys: keys.map((key, place) => ({ key, findings: findings[place].map(finding) })),
      spend: readSpend(tape),
      byokSpend: readSpend(tape),
      oddRows: tape.value(),
      table: tape.value(),
    });
  },
};

function finding([kind, name, value]) {
  return present({ kind, [name]: name === "fields" ? value.map(camelCase) : value });
}

const readSpend = (tape) => ({ daily: tape.value(), weekly: tape.value(), monthly: tape.value(), total: tape.value() });

function present(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
