// How the official SDK decodes a body, without the call around it.

import { ListResponse$inboundSchema as schema } from "@openrouter/sdk/models/operations";

import { camelCase, versionsOf } from "./sample.mjs";

export const versions = versionsOf("@openrouter/sdk", "zod");
export const naming = camelCase;

const decoder = new TextDecoder();

export const decode = (body) => schema.parse(JSON.parse(decoder.decode(body))).data;
