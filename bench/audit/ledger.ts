import type { RawEvent } from "./raw-events.ts";
import { type AuditCheck, verdict, yuan } from "./verdict.ts";

export interface Entry {
  readonly from: string;
  readonly to: string;
  readonly mills: bigint;
}

/** What an event moves from one account of the ledger to another. */
export function entriesOf({ type, data }: RawEvent): readonly Entry[] {
  if (type === "FundsDeposited") return [{ from: "bank", to: `tenant:${data.account}`, mills: data.mills }];
  return type === "ChargePosted" ? data.lines : [];
}

function nameOf({ type, stream, data }: RawEvent): string {
  return type === "ChargePosted" ? `charge ${data.charge}` : stream;
}

/** Debits equal credits, and every closed day states the turnover of each account that its pages hold. */
export function balanced(events: readonly RawEvent[]): AuditCheck {
  const faults: string[] = [];
  let turnover = 0n;
  const unclosed: RawEvent[] = [];
  for (const event of events) {
    for (const { from, to, mills } of entriesOf(event)) {
      if (from === to || mills <= 0n) faults.push(`${nameOf(event)} has a line that moves nothing`);
      turnover += mills;
    }
    if (event.type === "FundsDeposited" || event.type === "ChargePosted") unclosed.push(event);
    if (event.type !== "PeriodClosed") continue;
    const { data } = event;
    const later = unclosed.findIndex(({ position }) => position > data.position);
    const held = turnoverOf(unclosed.splice(0, later < 0 ? unclosed.length : later));
    const stated = [
      ...data.totals.map(({ account, debit, credit }) => `${account}: ${debit} / ${credit}`),
      `${data.charges} charges: ${data.debits} / ${data.credits}`,
    ];
    const odd = stated.find((row) => !held.includes(row)) ?? held.find((row) => !stated.includes(row));
    if (odd !== undefined || stated.length !== held.length)
      faults.push(`period ${data.period} and its pages differ in mills of debits / credits of ${odd}`);
  }
  return verdict("sum of debits = sum of credits", faults, yuan(turnover));
}

/** Debits and credits of each account, and of all. */
function turnoverOf(events: readonly RawEvent[]): string[] {
  const accounts = new Map<string, { debit: bigint; credit: bigint }>();
  const book = (account: string, debit: bigint, credit: bigint) => {
    const before = accounts.get(account) ?? { debit: 0n, credit: 0n };
    accounts.set(account, { debit: before.debit + debit, credit: before.credit + credit });
  };
  let total = 0n;
  for (const { from, to, mills } of events.flatMap(entriesOf)) {
    book(from, mills, 0n);
    book(to, 0n, mills);
    total += mills;
  }
  const charges = events.filter(({ type }) => type === "ChargePosted").length;
  return [
    ...[...accounts].map(([account, { debit, credit }]) => `${account}: ${debit} / ${credit}`),
    `${charges} charges: ${total} / ${total}`,
  ];
}
