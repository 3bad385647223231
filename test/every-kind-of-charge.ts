import { parseEvent } from "../events/catalog/catalog.ts";
import type { ExportedPage } from "../exports/pages.ts";

// A feed in which every kind of charge line occurs, and both a correction and an invoice.

/** Pages of one event each. */
export function feedOf(...events: (readonly [type: string, data: unknown])[]): ExportedPage[] {
  return events.map(([type, data], n) => ({
    position: n + 1,
    hash: String(n + 1),
    commits: [
      {
        stream: `test-${n}`,
        version: 1,
        commandId: `c-${n}`,
        time: "2026-03-02T00:00:00.000Z",
        actor: "test",
        causationId: "r",
        correlationId: "r",
        events: [parseEvent(type, data)],
      },
    ],
  }));
}

/** Settlement day of the first invoice. */
export const day = "2026-03-02";
/** 08:00 in Shanghai of that day. */
const slot = Date.parse("2026-03-02T00:00:00Z") / 360_000;
const center = (name: string, region: string) =>
  [
    "CenterJoined",
    {
      center: name,
      owner: `${name}-owner`,
      name: `${name}, "first"`,
      region,
      pools: [{ product: "h20", cards: 100 }],
      puePermille: 1200,
      energy: new Array(24).fill(500),
    },
  ] as const;
export const account = (currency?: string) =>
  [
    "AccountOpened",
    { account: "acme-main", owner: "acme", period: day, available: "0", holds: [], currency },
  ] as const;
const spec = {
  name: '=HYPERLINK("x"), 夜间训练',
  session: "forward",
  kind: "div",
  products: [{ product: "h20", limit: 9000 }],
  cards: 8,
  slots: 10,
  from: slot,
  to: slot + 20,
  home: "xian",
  dataGB: 100,
  maxSlots: 10,
};
const requested = [
  "JobRequested",
  { job: "j-1", owner: "acme", account: "acme-main", spec, hold: "0" },
] as const;
const fill = (name: string, product: string, cards: number, price: number) => ({
  center: name,
  product,
  from: slot,
  to: slot + 10,
  cards,
  price,
});
const award = {
  placement: "j-1.7",
  job: "j-1",
  auction: 7,
  session: "forward",
  stretch: 1,
  continues: false,
  from: slot,
  to: slot + 10,
  fills: [fill("xian", "h20", 4, 900), fill("wuhan", "h20", 3, 700), fill("wuhan", "a100", 1, 1100)],
  links: [{ link: "xian~wuhan", from: slot, to: slot + 10, gigabits: 80, charge: "1003", transfer: "5000" }],
  value: "68000",
};
const placed = ["JobPlaced", { job: "j-1", award }] as const;
const line = (kind: string, from: string, to: string, mills: string, more: object = {}) => ({
  kind,
  row: 3,
  from,
  to,
  mills,
  ...more,
});
const tenant = "tenant:acme-main";
const charge = (id: string, lines: readonly object[], more: object = {}) =>
  [
    "ChargePosted",
    {
      charge: id,
      job: "j-1",
      placement: "j-1.7",
      stretch: 1,
      account: "acme-main",
      from: slot,
      to: slot + 10,
      lines,
      tenantPays: "0",
      releases: "0",
      final: false,
      period: day,
      ...more,
    },
  ] as const;
const correction = (lines: readonly object[], more: object = {}) =>
  [
    "CorrectionPosted",
    {
      correction: "j-1.7:late",
      corrects: "j-1.7:end:1-2",
      cause: "lateUsage",
      job: "j-1",
      placement: "j-1.7",
      stretch: 1,
      account: "acme-main",
      from: slot,
      to: slot + 1,
      lines,
      tenantPays: "0",
      period: "2026-03-03",
      ...more,
    },
  ] as const;
export const cutOff = (period: string, position: number) =>
  ["PeriodCutOff", { period, at: `${period}T16:02:00Z`, position, feedHash: "h" }] as const;
export const issued = (period: string, payable: string, rounding: string) =>
  [
    "InvoiceIssued",
    {
      invoice: `acme-main-${period}`,
      account: "acme-main",
      owner: "acme",
      period,
      at: `${period}T16:02:00Z`,
      taxRate: 600,
      lines: [],
      net: "0",
      tax: "0",
      gross: "0",
      payable,
      rounding,
    },
  ] as const;

/** Every kind of line, of a job on two centers: 54,567 mills on the first invoice. */
export const everyKind = feedOf(
  center("xian", "CN-SN"),
  center("wuhan", "CN-HB"),
  account(),
  requested,
  placed,
  charge("j-1.7:end:1-2", [
    line("compute", tenant, "center:xian", "36000", { center: "xian", cardSlots: 40 }),
    line("compute", tenant, "center:wuhan", "16001", { center: "wuhan", cardSlots: 20 }),
    line("link", tenant, "link:xian~wuhan", "1001", { link: "xian~wuhan" }),
    line("rent", tenant, "rent", "2", { link: "xian~wuhan" }),
    line("transfer", tenant, "link:xian~wuhan", "5000", { link: "xian~wuhan" }),
    line("penalty", "center:wuhan", tenant, "3000", { center: "wuhan" }),
    line("penalty", "center:wuhan", "center:xian", "77", { center: "xian" }),
    line("credit", "center:wuhan", tenant, "900", { center: "wuhan" }),
    line("tax", tenant, "tax", "3"),
  ]),
  charge("j-1.7:release:1-2", [
    line("releaseFee", tenant, "center:xian", "450", { center: "xian", cardSlots: 5, row: 2 }),
  ]),
  charge("j-1.7:reduce:1-2", [line("compute", tenant, "center:xian", "10", { center: "xian", row: 9 })]),
  // Posted after the cut, and so on the next day's invoice whatever its own day.
  charge("j-1.7:late:1-2", [line("compute", tenant, "center:xian", "90", { center: "xian", cardSlots: 1 })], {
    final: true,
  }),
  cutOff(day, 8),
  issued(day, "54560", "7"),
  correction([
    line("compute", "center:xian", tenant, "18", { center: "xian", cardSlots: 2 }),
    line("credit", tenant, "center:wuhan", "5", { center: "wuhan" }),
  ]),
  cutOff("2026-03-03", 12),
  issued("2026-03-03", "70", "7"),
  correction([line("compute", tenant, "center:xian", "1", { center: "xian" })], {
    correction: "j-1.7:later",
    period: "2026-03-04",
  }),
);
/** What the invoices in it ask, in mills. */
export const payable = new Map([
  ["acme-main-2026-03-02", 54560n],
  ["acme-main-2026-03-03", 70n],
]);
