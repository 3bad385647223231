import { type RawEvent, type RawPage, readFeed } from "./feed.ts";
import { type AwardFate, fatesOf } from "./leases.ts";

export interface AuditCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What was compared, or the first of what is wrong. */
  readonly detail: string;
}

/** Recomputes the books from the raw pages of the feed, from the first to the last, by code of its own. */
export function audit(pages: readonly RawPage[]): AuditCheck[] {
  const { events, chainFaults, orderFaults } = readFeed(pages);
  const fates = fatesOf(events);
  return [
    verdict(
      "feed chain verified, every commit once and in order",
      [...chainFaults, ...orderFaults],
      `${pages.length} pages, ${events.length} events`,
    ),
    balanced(events),
    chargesMatchAwards(events, fates),
    holdsAreSound(events),
    nothingSoldTwice(events, fates),
  ];
}

function verdict(name: string, faults: readonly string[], fine: string): AuditCheck {
  const [first] = faults;
  if (first === undefined) return { name, ok: true, detail: fine };
  return {
    name,
    ok: false,
    detail: faults.length === 1 ? first : `${first} (and ${faults.length - 1} more)`,
  };
}

const yuan = (mills: bigint) =>
  `${(Number(mills / 10n) / 100).toLocaleString("en", { minimumFractionDigits: 2 })} CNY`;

/** Debits equal credits, and every closed day states the turnover that its pages hold. */
function balanced(events: readonly RawEvent[]): AuditCheck {
  const faults: string[] = [];
  let turnover = 0n;
  let since = 0n;
  const unclosed: { position: number; mills: bigint }[] = [];
  for (const { type, data, position } of events) {
    let moved = 0n;
    if (type === "FundsDeposited") moved = BigInt(data.mills);
    if (type === "ChargePosted")
      for (const { from, to, mills } of data.lines) {
        if (from === to || BigInt(mills) <= 0n)
          faults.push(`charge ${data.charge} has a line that moves nothing`);
        moved += BigInt(mills);
      }
    turnover += moved;
    if (moved > 0n) unclosed.push({ position, mills: moved });
    if (type !== "PeriodClosed") continue;
    since = 0n;
    while (unclosed[0] !== undefined && unclosed[0].position <= data.position)
      since += unclosed.shift()?.mills ?? 0n;
    const sum = (side: string) =>
      data.totals.reduce(
        (total: bigint, row: Record<string, string>) => total + BigInt(row[side] ?? "0"),
        0n,
      );
    if (sum("debit") !== since || sum("credit") !== since)
      faults.push(
        `period ${data.period} states ${sum("debit")} mills of debits and ${sum("credit")} of credits, its pages hold ${since}`,
      );
  }
  return verdict("sum of debits = sum of credits", faults, yuan(turnover));
}

/** Price x cards of a range of slots, as the award states it. */
function worth({ award, reduced }: AwardFate, from: number, to: number): bigint {
  return award.fills.reduce((sum, fill) => {
    const end = Math.min(fill.to, to, reduced.get(fill.center) ?? fill.to);
    const slots = Math.max(0, end - Math.max(fill.from, from));
    return sum + BigInt(fill.price) * BigInt(fill.cards) * BigInt(slots);
  }, 0n);
}

const feePercent: Record<string, bigint> = { spot: 10n, forward: 30n };

interface Charged {
  compute: bigint;
  fees: bigint;
  to: number;
}

/**
 * What the ledger charged for cards equals what the awards come to, up to the slot in which each of them ended; fees
 * are within their rate of what was given back.
 */
function chargesMatchAwards(events: readonly RawEvent[], fates: ReadonlyMap<string, AwardFate>): AuditCheck {
  const faults: string[] = [];
  const charged = new Map<string, Charged>();
  const seen = new Set<string>();
  for (const { type, data } of events) {
    if (type !== "ChargePosted") continue;
    if (seen.has(data.charge)) faults.push(`charge ${data.charge} is posted twice`);
    seen.add(data.charge);
    const sums = charged.get(data.placement) ?? { compute: 0n, fees: 0n, to: 0 };
    charged.set(data.placement, sums);
    const [, kind] = data.charge.split(":");
    if (kind === "day" || kind === "end") sums.to = Math.max(sums.to, data.to);
    for (const line of data.lines) {
      if (line.kind === "compute" && !String(kind).startsWith("reduce")) sums.compute += BigInt(line.mills);
      if (line.kind === "releaseFee") sums.fees += BigInt(line.mills);
    }
  }
  let total = 0n;
  let awards = 0;
  for (const [placement, fate] of fates) {
    const sums = charged.get(placement);
    const compute = sums?.compute ?? 0n;
    total += compute;
    awards += 1;
    const to = fate.over ? (fate.cut ?? fate.award.to) : (sums?.to ?? fate.paidFrom);
    const due = worth(fate, fate.paidFrom, to);
    // What a divisible job's failing center delivered inside a slot is metered, not awarded: at most that slot's worth.
    const slack = fate.kind === "div" && fate.faulty ? worth(fate, to, to + 1) : 0n;
    if (compute < due || compute > due + slack)
      faults.push(
        `award ${placement} was charged ${compute} mills, its slots ${fate.paidFrom} to ${to} come to ${due}`,
      );
    const unused = worth(fate, to, fate.award.to);
    const most = (unused * (feePercent[fate.award.session ?? "spot"] ?? 0n)) / 100n;
    if ((sums?.fees ?? 0n) > most)
      faults.push(`award ${placement} pays ${sums?.fees} mills of fees, at most ${most} are due`);
  }
  for (const placement of charged.keys())
    if (!fates.has(placement)) faults.push(`a charge names ${placement}, which no sealed auction awarded`);
  return verdict(
    "charges of the ledger = awards recomputed from the raw log",
    faults,
    `${awards} awards, ${yuan(total)}`,
  );
}

/** Accounts never go below nothing, carry what they have, and pay each charge once. */
function holdsAreSound(events: readonly RawEvent[]): AuditCheck {
  const faults: string[] = [];
  const accounts = new Map<string, { available: bigint; holds: Map<string, bigint> }>();
  const carried = new Map<string, string>();
  const settled = new Map<string, bigint>();
  const charges = new Map<string, bigint>();
  // The feed keeps the order of a stream only: each period of an account is followed by itself.
  for (const { type, stream, data } of events) {
    const account = accounts.get(stream) ?? { available: 0n, holds: new Map() };
    const key = `${data.job}/${data.stretch}`;
    switch (type) {
      case "AccountOpened":
        accounts.set(stream, {
          available: BigInt(data.available),
          holds: new Map(
            data.holds.map((hold: { job: string; stretch: number; mills: string }) => [
              `${hold.job}/${hold.stretch}`,
              BigInt(hold.mills),
            ]),
          ),
        });
        if (data.carriedFrom !== undefined) {
          const before = carried.get(`${data.account}/${data.period}`);
          const now = JSON.stringify([data.available, data.holds]);
          if (before !== undefined && before !== now)
            faults.push(`${stream} opens with other funds than were carried`);
        }
        break;
      case "AccountCarried":
        carried.set(`${data.account}/${data.to}`, JSON.stringify([data.available, data.holds]));
        break;
      case "FundsDeposited":
        account.available += BigInt(data.mills);
        break;
      case "FundsHeld":
        account.available -= BigInt(data.mills);
        account.holds.set(key, BigInt(data.mills));
        break;
      case "HoldReleased":
        account.available += account.holds.get(key) ?? 0n;
        account.holds.delete(key);
        break;
      case "HoldSettled":
        account.available += BigInt(data.released);
        account.holds.set(key, (account.holds.get(key) ?? 0n) - BigInt(data.paid) - BigInt(data.released));
        if (settled.has(data.charge)) faults.push(`charge ${data.charge} was paid twice`);
        settled.set(data.charge, BigInt(data.paid));
        break;
      case "ChargePosted":
        charges.set(data.charge, BigInt(data.tenantPays));
        break;
      default:
        continue;
    }
    if (account.available < 0n || (account.holds.get(key) ?? 0n) < 0n)
      faults.push(`${stream} falls below nothing`);
  }
  for (const [charge, paid] of settled)
    if (charges.get(charge) !== paid)
      faults.push(`charge ${charge} is ${charges.get(charge)} mills, ${paid} were paid`);
  const unpaid = [...charges].filter(([charge, mills]) => mills !== 0n && !settled.has(charge));
  if (unpaid[0] !== undefined)
    faults.push(`${unpaid.length} charges were never paid, the first is ${unpaid[0][0]}`);
  return verdict("every charge paid once, out of funds held", faults, `${settled.size} settlements`);
}

/** In no slot do awards in force take more cards of a pool than were ever offered in it. */
function nothingSoldTwice(events: readonly RawEvent[], fates: ReadonlyMap<string, AwardFate>): AuditCheck {
  const offered = new Map<string, { from: number; to: number; cards: number }[]>();
  for (const { type, data } of events) {
    if (type !== "CapacityOffered") continue;
    const pool = `${data.center}/${data.product}`;
    offered.set(pool, [...(offered.get(pool) ?? []), data]);
  }
  const sold = new Map<string, number>();
  for (const { award, cut, reduced } of fates.values())
    for (const fill of award.fills) {
      const end = Math.min(fill.to, cut ?? fill.to, reduced.get(fill.center) ?? fill.to);
      for (let slot = fill.from; slot < end; slot++) {
        const cell = `${fill.center}/${fill.product}/${slot}`;
        sold.set(cell, (sold.get(cell) ?? 0) + fill.cards);
      }
    }
  const faults = [...sold].flatMap(([cell, cards]) => {
    const [center, product, at] = cell.split("/");
    const slot = Number(at);
    const most = (offered.get(`${center}/${product}`) ?? [])
      .filter(({ from, to }) => from <= slot && slot < to)
      .reduce((sum, offer) => sum + offer.cards, 0);
    return cards > most ? [`${cards} of ${most} cards of ${center}/${product} are sold in slot ${slot}`] : [];
  });
  return verdict("no card sold twice", faults, `${sold.size} pool slots`);
}
