import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { Period } from "../../events/catalog/values.ts";
import type { FeedPage } from "../../events/store/feed.ts";
import { millsText } from "../../market/money.ts";
import { entriesOf } from "../../market/settlement/ledger.ts";
import type { LedgerEntry } from "../contract/ledger.ts";
import { operations } from "../contract/operations.ts";
import { decodeCursor, encodeCursor } from "../kit/cursor.ts";
import { endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { notFound } from "../kit/problems.ts";
import { loadPeriod } from "../periods/open-period.ts";

/** Pages that one answer looks through at most: some 16 MB. */
const pagesMax = 64;

/** An answer ends with a page, or inside of one: then it goes on behind so many of the page's own entries. */
interface Place {
  readonly after: number;
  readonly skip: number;
}

export const create = endpoint(operations.listLedgerEntries, async ({ params, query, access }) => {
  const { account } = params;
  const { period, limit } = query;
  const list = `ledger#${account}#${period ?? ""}`;
  const range = await rangeOf(access, period);
  const start = placeOf(decodeCursor(list, query.cursor)) ?? { after: range.after, skip: 0 };
  const { items, next } = await entriesFrom(access, account, start, range.upTo, limit);
  return { body: { items, ...(next === undefined ? {} : { next: encodeCursor(list, textOf(next)) }) } };
});
export const handler = onLambda(create);

const textOf = ({ after, skip }: Place) => `${after}/${skip}`;

function placeOf(text: string | undefined): Place | undefined {
  if (text === undefined) return undefined;
  const [after = 0, skip = 0] = text.split("/").map(Number);
  return { after, skip };
}

/** Pages of a settlement day, as far as they are there, or of all days. */
async function rangeOf(access: Access, period: Period | undefined) {
  const head = (await access.feed.head()).position;
  if (period === undefined) return { after: 0, upTo: head };
  const state = await loadPeriod(access, period);
  if (state.phase === "unknown") throw notFound("period", period);
  return { after: state.afterPosition, upTo: state.cutOff?.position ?? state.closed?.position ?? head };
}

async function entriesFrom({ feed }: Access, account: string, start: Place, upTo: number, limit: number) {
  const items: LedgerEntry[] = [];
  let { after, skip } = start;
  while (after < upTo && after < start.after + pagesMax) {
    const pages = await feed.readAfter(after, Math.min(16, upTo - after));
    if (pages.length === 0) return { items };
    for (const page of pages) {
      const own = entriesIn(page, account).slice(skip);
      const room = limit - items.length;
      items.push(...own.slice(0, room));
      if (own.length > room) return { items, next: { after, skip: skip + room } };
      [after, skip] = [page.position, 0];
    }
  }
  return after < upTo ? { items, next: { after, skip } } : { items };
}

function entriesIn({ position, commits }: FeedPage, account: string): LedgerEntry[] {
  return commits.flatMap(({ time, events }) =>
    events.flatMap((event) =>
      entriesOf(event)
        .filter(({ debit, credit }) => debit === account || credit === account)
        .map(({ debit, credit, mills, currency }): LedgerEntry => {
          const side = debit === account ? "debit" : "credit";
          const of = subjectOf(event);
          return {
            position,
            time,
            event: event.type,
            ...(of === undefined ? {} : { of }),
            side,
            mills: millsText(mills),
            currency,
            against: side === "debit" ? credit : debit,
          };
        }),
    ),
  );
}

/** What an event that moves money is about. */
function subjectOf({ data }: DomainEvent): string | undefined {
  if ("charge" in data) return data.charge;
  if ("correction" in data) return data.correction;
  if ("adjustment" in data) return data.adjustment;
  if ("deposit" in data) return data.deposit;
  if ("payout" in data) return data.payout;
  if ("contribution" in data) return data.contribution;
  return "job" in data ? data.job : undefined;
}
