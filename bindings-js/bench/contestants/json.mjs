// The floor of decoding: `JSON.parse`, which checks and renames nothing.

import { snakeCase } from "./sample.mjs";

export const versions = {};
export const naming = snakeCase;

const decoder = new TextDecoder();

export const decode = (body) => JSON.parse(decoder.decode(body)).data;
