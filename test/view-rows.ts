import { type DomainEvent, parseEvent } from "../events/catalog/catalog.ts";
import { AccountId, CenterId, JobId, OfferId, OwnerId, Period, ProductId } from "../events/catalog/values.ts";
import { periodStart } from "../market/time.ts";
import { ownKey, projectEvent } from "../market/views/project.ts";
import { put, type ViewAppend, type ViewKey, viewKeys } from "../market/views/view.ts";

/** Givens of the tests of the views: some facts, and the rows that they come to. */

export const owner = OwnerId.parse("acme");
export const center = CenterId.parse("c-1");
export const product = ProductId.parse("a100-80g");
export const offer = OfferId.parse("o-1");
export const job = JobId.parse("j-1");
export const account = AccountId.parse("acme");
export const today = Period.parse("2026-03-02");
export const tomorrow = Period.parse("2026-03-03");
export const midnight = periodStart(tomorrow);
export const time = "2026-03-02T02:00:00.000Z";

/** A commit of some events of a stream, from a version on. */
export interface Facts {
  readonly stream: string;
  readonly version: number;
  readonly events: readonly DomainEvent[];
}

export const nameOf = ({ pk, sk }: ViewKey) => `${pk} ${sk}`;

/** The rows that pages come to: each page once, its commits in order. */
export function rowsAfter(...pages: readonly (readonly Facts[])[]): Record<string, unknown> {
  const rows = new Map<string, unknown>();
  for (const [page, commits] of pages.entries())
    for (const { stream, version, events } of commits)
      for (const [index, event] of events.entries()) {
        const key = ownKey(stream);
        const before = key === undefined ? undefined : rows.get(nameOf(key));
        const at = { version: version + index, position: page + 1, time };
        for (const effect of projectEvent(event, at, before)) {
          const change = "list" in effect ? appended(effect, rows) : effect;
          const data = change.patch(rows.get(nameOf(change)));
          if (data === undefined) rows.delete(nameOf(change));
          else rows.set(nameOf(change), data);
        }
      }
  return Object.fromEntries(rows);
}

/** The next item of a numbered list. */
function appended({ list, item }: ViewAppend, rows: ReadonlyMap<string, unknown>) {
  const number = [...rows.keys()].filter((name) => name.startsWith(`${list} `)).length + 1;
  return put(viewKeys.numbered(list, number), item(number));
}

/** The rows that the events of one stream come to, a page each. */
export function rowsOf(stream: string, ...events: readonly DomainEvent[]): Record<string, unknown> {
  return rowsAfter(...events.map((event, index) => [{ stream, version: index + 1, events: [event] }]));
}

export const row = (key: ViewKey, data: unknown) => ({ [nameOf(key)]: data });
export const rowAt = (rows: Record<string, unknown>, key: ViewKey) => rows[nameOf(key)];

export const spec = {
  name: "training",
  session: "spot",
  kind: "div",
  products: [{ product, limit: 500 }],
  cards: 12,
  slots: 10,
  from: 100,
  to: 130,
  home: center,
  maxSlots: 20,
} as const;

export const requested = (id = job) =>
  parseEvent("JobRequested", { job: id, owner, account, spec, hold: "40000" });

export const admitted = (id = job) => parseEvent("JobAdmitted", { job: id });

/** An award of auction n at some centers. */
export function award(
  auction: number,
  centers: readonly string[],
  from: number,
  to: number,
  id: string = job,
) {
  return {
    placement: `${id}.${auction}`,
    job: id,
    auction,
    stretch: auction,
    continues: auction > 1,
    from,
    to,
    fills: centers.map((each) => ({ center: each, product, from, to, cards: 4, price: 100 })),
    links: [],
    value: "1000",
  };
}

export const gate = (auction: number) => ({
  auction,
  session: "spot",
  position: 7,
  at: time,
  gate: 100,
  from: 101,
  to: 141,
});

export const price = (from: number, to: number, fen: number, sold: number) => ({
  center,
  product,
  from,
  to,
  price: fen,
  sold,
});

export const published = (auction: number, ...prices: readonly ReturnType<typeof price>[]) =>
  parseEvent("AwardsPublished", { auction, page: 0, awards: [], prices, linkPrices: [] });
