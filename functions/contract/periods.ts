import * as z from "zod";
import { PeriodClosed } from "../../events/catalog/period.ts";
import { FeedPosition, Instant, MillsText, Period, Slot } from "../../events/catalog/values.ts";
import { Day } from "./identifiers.ts";
import { defineOperation } from "./operation.ts";
import { marketPageOf, pageQuery } from "./paging.ts";

const params = z.object({ period: Day });
const closed = PeriodClosed.data.shape;

export const SettlementPeriod = z.object({
  period: Period,
  status: z
    .enum(["open", "cutOff", "closed"])
    .describe("cutOff: where it ends in the feed is fixed, and it is being closed"),
  from: Slot,
  to: Slot,
  afterPosition: FeedPosition,
  position: FeedPosition.optional().describe("Last page of the feed that belongs to it, once it is cut off"),
  feedHash: z.string().optional().describe("Hash of that page"),
  /** The following once it is closed. */
  closedAt: Instant.optional(),
  charges: z.int().min(0).optional(),
  debits: MillsText.optional(),
  credits: MillsText.optional(),
  totals: closed.totals
    .optional()
    .describe(
      "Turnover by account of the ledger; where `pages` is there, of the exchange's own accounts only: `GET /ledger?period=` has all",
    ),
  pages: closed.pages.describe(
    "Events of the period's stream that hold the turnover of tenants, centers and links; absent: there are so few that `totals` has them",
  ),
  match: closed.match.describe("Items of the three-way match of award, usage and charge, by outcome"),
  invoices: closed.invoices,
  payouts: closed.payouts,
  tree: closed.tree.describe("Merkle tree of the feed up to `position`"),
});
export type SettlementPeriod = z.infer<typeof SettlementPeriod>;

export const getPeriod = defineOperation({
  id: "getPeriod",
  method: "GET",
  path: "/periods/{period}",
  tag: "finance",
  summary: "A settlement day and, once closed, its totals",
  roles: ["finance", "operator"],
  names: { "path/period": "published" },
  params,
  success: { status: 200, says: "The period.", body: SettlementPeriod },
  problems: [404],
});

export const PeriodSummary = SettlementPeriod.omit({ totals: true });

export const listPeriods = defineOperation({
  id: "listPeriods",
  method: "GET",
  path: "/periods",
  tag: "finance",
  summary: "Settlement days, newest first",
  roles: ["finance", "operator"],
  names: { "query/cursor": "published" },
  query: z.object(pageQuery),
  success: { status: 200, says: "Periods without their totals.", body: marketPageOf(PeriodSummary) },
});

export const closePeriod = defineOperation({
  id: "closePeriod",
  method: "POST",
  path: "/periods/{period}/close",
  tag: "finance",
  summary: "Close a settlement day that is over now, and any before it, instead of after the next midnight",
  description:
    "Starts the period workflow, which goes on wherever an earlier one stopped. A day that is closed stays as it is.",
  roles: ["finance", "operator"],
  names: { "path/period": "published" },
  params,
  success: {
    status: 202,
    says: "It is being closed, or was closed before.",
    body: z.object({ period: Period, status: z.enum(["closing", "closed"]) }),
  },
  problems: [404, 409],
});
