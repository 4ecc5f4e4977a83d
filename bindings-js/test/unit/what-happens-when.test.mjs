// The troubleshooting page lists every error code, and its links work.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const PAGE = new URL("../../../docs/what-happens-when.md", import.meta.url);
const DECLARATIONS = new URL("../../js/index.d.ts", import.meta.url);

const page = readFileSync(PAGE, "utf8");

/** The anchor of a heading. */
const anchor = (heading) => heading.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-");

const anchors = (text) => Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading]) => anchor(heading));

test("every error code is on the page", () => {
  const [, union] = /export type ErrorCode =([^;]*);/.exec(readFileSync(DECLARATIONS, "utf8"));
  const codes = Array.from(union.matchAll(/"(\w+)"/g), ([, code]) => code);
  assert.ok(codes.length > 30);
  assert.deepEqual(codes.filter((code) => !page.includes(`\`${code}\``)), []);
});

test("every link on the page leads to a file and a heading", () => {
  const links = Array.from(page.matchAll(/\]\(([^)]*)\)/g), ([, link]) => link);
  assert.ok(links.length > 5);
  for (const link of links) {
    const target = new URL(link, PAGE);
    const heading = target.hash.slice(1);
    target.hash = "";
    assert.ok(existsSync(target), link);
    if (heading) assert.ok(anchors(readFileSync(target, "utf8")).includes(heading), link);
  }
});
