// What calls return: null, undefined and values are distinct, and strings of a newer API
// are strings.

import type { AuditReport, Budget, BudgetScope, CurrentKey, DataRegion, Deleted, ErrorCode, AuditFinding, Key, LimitReset, Page, Unreadable } from "openrouter-keys";
import { Created, managesKeys, toDate } from "openrouter-keys";
import { same } from "./equal.js";

declare const key: Key;
declare const current: CurrentKey;

// A limit of null means unlimited, which is not the same as unknown.
same<Key["limit"], number | null>();
same<Key["limitReset"], LimitReset | null>();
same<Key["disabled"], boolean>();
same<Key["updatedAt"], string | null>();
// @ts-expect-error: there may be no limit
key.limit.toFixed(2);
// @ts-expect-error: null is not a number
const amount: number = key.limit;
const dollars: number = key.limit ?? Infinity;
// @ts-expect-error: a documented field cannot be compared with an impossible value
key.limit === "25";

// Fields that not every version of the API sends can be undefined and null.
const expires: string | null | undefined = key.expiresAt;
const workspace: string | undefined = key.workspaceId;
// @ts-expect-error: it may be undefined
const surely: string | null = key.expiresAt;

// Responses are read-only.
// @ts-expect-error: it is read-only
key.name = "other";
// @ts-expect-error: so are unexpected values
key.unexpected!["limit"] = 5;
const unexpected: unknown = key.unexpected?.["limit"];
const extra: unknown = key.extra?.["x_new"];
// @ts-expect-error: unknown values must be narrowed first
key.extra?.["x_new"].length;

// Open unions list the known strings and accept any other.
for (const text of ["weekly", "fortnightly", String(Math.random())]) {
  const reset: LimitReset = text;
  const scope: BudgetScope = text;
  const region: DataRegion = text;
  const code: ErrorCode = text;
  const kind: Unreadable["kind"] = text;
}
// If a union were just `string`, no editor could complete it, and these would be `never`.
same<Extract<LimitReset, "daily" | "weekly" | "monthly">, "daily" | "weekly" | "monthly">();
same<Extract<BudgetScope, "workspace" | "key_limit">, "workspace" | "key_limit">();
same<Extract<DataRegion, "global" | "europe" | "us">, "global" | "europe" | "us">();
same<Extract<ErrorCode, "dns" | "not_found">, "dns" | "not_found">();
same<Extract<Unreadable["kind"], "missing">, "missing">();
// @ts-expect-error: a reset is a string
const reset: LimitReset = 5;

const budgets: readonly Budget[] | undefined = current.budgets;
const effective: Budget | null | undefined = current.effectiveBudget;
const left: number | undefined = current.freeModelDailyRequests?.remaining;
const manages: boolean | undefined = managesKeys(current);
// @ts-expect-error: a listed key lacks it
managesKeys(key);

declare const report: AuditReport;
const judged: string | undefined = report.at;
// @ts-expect-error: there may have been no clock
const surelyJudged: string = report.at;
for (const { key, findings } of report.keys) {
  same<typeof key, Key>();
  for (const finding of findings) {
    if (finding.kind === "near_limit") same<typeof finding.share, number>();
    if (finding.kind === "disabled") same<typeof finding.days, number | undefined>();
    if (finding.kind === "unreadable") same<typeof finding.fields, readonly string[]>();
  }
}
// @ts-expect-error: only some findings have days
const days = (finding: AuditFinding): number => finding.days;

declare const page: Page;
const names: string[] = page.data.map(({ name }) => name);
// @ts-expect-error: a page is read-only
page.data.push(key);
const rows: readonly unknown[] | undefined = page.unexpectedRows;

declare const created: Created;
const secret: string = created.key;
const made: Key = created.data;
// @ts-expect-error: the secret is read-only
created.key = "other";
// @ts-expect-error: only a call creates one
new Created();

declare const deleted: Deleted;
same<Deleted["deleted"], true>();
const gone: boolean = deleted.alreadyGone;

same<ReturnType<typeof toDate>, Date | undefined>();
const date: Date = toDate(key.createdAt);
const maybe: Date | undefined = toDate(key.expiresAt);
// @ts-expect-error: it may never expire
const never: Date = toDate(key.expiresAt);

export { amount, budgets, date, days, dollars, effective, expires, extra, gone, judged, left, made, manages, maybe, names, never, unexpected, reset, rows, secret, surely, surelyJudged, workspace };
