import type { RawEvent } from "./raw-events.ts";

export interface Entry {
  readonly from: string;
  readonly to: string;
  /** Negative: it goes the other way. */
  readonly mills: bigint;
  readonly currency: string;
}

const CNY = "CNY";

/** What an event moves from one account of the ledger to another, by the chart of accounts in docs/decisions/0090. */
export function entriesOf({ type, data }: RawEvent): readonly Entry[] {
  switch (type) {
    case "FundsDeposited":
      return [entry("bank", `tenant:${data.account}:available`, data.mills, data.currency)];
    case "FundsHeld":
      return [entry(`tenant:${data.account}:available`, `tenant:${data.account}:held`, data.mills)];
    case "HoldReleased":
      return [entry(`tenant:${data.account}:held`, `tenant:${data.account}:available`, data.mills)];
    case "HoldSettled":
      return [
        entry(`tenant:${data.account}:held`, "clearing", data.paid),
        entry(`tenant:${data.account}:held`, `tenant:${data.account}:available`, data.released),
      ];
    case "FundsAdjusted": {
      const source = { rounding: "operator:rounding", correction: "clearing" }[data.cause];
      return [entry(source, `tenant:${data.account}:available`, data.mills, data.currency)];
    }
    case "ChargePosted":
      return data.lines.flatMap((line) => legsOf(line, "payable"));
    case "CorrectionPosted":
      return data.lines.flatMap((line) =>
        legsOf(line, data.cause === "uncollectible" ? "receivable" : "payable"),
      );
    case "GuaranteePosted":
      return [entry("bank", `center:${data.center}:guarantee`, data.change ?? data.mills)];
    case "GuaranteeDrawn":
      return [entry(`center:${data.center}:guarantee`, `center:${data.center}:receivable`, data.mills)];
    case "DefaultFundContributed":
      return [entry("bank", "operator:default-fund", data.mills)];
    case "DefaultFundDrawn":
      return [entry("operator:default-fund", `center:${data.center}:receivable`, data.mills)];
    case "PayoutStated":
      return payoutEntries(data);
    case "PayoutPaid":
      return [entry(`center:${data.center}:payable`, "bank", data.mills, data.currency)];
    default:
      return [];
  }
}

function entry(from: string, to: string, mills: bigint, currency = CNY): Entry {
  return { from, to, mills, currency };
}

type RawLine = Extract<RawEvent, { type: "ChargePosted" }>["data"]["lines"][number];

/** Fees, penalties and credits are booked through an account that says what they came to. */
function legsOf(line: RawLine, reached: "payable" | "receivable"): Entry[] {
  const from = bookedUnder(line.from, "receivable");
  const to = bookedUnder(line.to, reached);
  if (line.kind === "releaseFee")
    return [entry(from, "operator:fees", line.mills), entry("operator:fees", to, line.mills)];
  if (line.kind === "penalty" || line.kind === "credit")
    return [entry(from, "operator:penalties", line.mills), entry("operator:penalties", to, line.mills)];
  return [entry(from, to, line.mills)];
}

function bookedUnder(party: string, side: string): string {
  const [kind] = party.split(":");
  if (kind === "tenant") return "clearing";
  if (kind === "center") return `${party}:${side}`;
  return kind === "rent" || kind === "tax" ? `operator:${party}` : party;
}

function payoutEntries(data: Extract<RawEvent, { type: "PayoutStated" }>["data"]): Entry[] {
  const payable = `center:${data.center}:payable`;
  const entries = data.links.map(({ link, mills }) => entry(`link:${link}`, payable, mills, data.currency));
  const earned = data.links.reduce((sum, { mills }) => sum + mills, data.earned);
  const [offset = 0n] = [earned, data.owed].sort((a, b) => (a < b ? -1 : 1));
  entries.push(entry(payable, `center:${data.center}:receivable`, offset, data.currency));
  entries.push(entry(payable, "operator:rounding", data.rounding, data.currency));
  return entries;
}
