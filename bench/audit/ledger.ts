import { type Entry, entriesOf } from "./entries.ts";
import type { FactOf, RawEvent } from "./raw-events.ts";
import { type AuditCheck, verdict, yuan } from "./verdict.ts";

/** Debits equal credits, and every closed day states the turnover of each account that its pages hold. */
export function balanced(events: readonly RawEvent[]): AuditCheck {
  const faults: string[] = [];
  let turnover = 0n;
  const unclosed: RawEvent[] = [];
  const pages: FactOf<"PeriodTotalsStated">["totals"][] = [];
  for (const event of events) {
    if (movesNothing(event)) faults.push(`${nameOf(event)} has a line that moves nothing`);
    const entries = entriesOf(event);
    for (const { mills, currency } of entries) if (currency === "CNY") turnover += sizeOf(mills);
    if (entries.length > 0 || event.type === "ChargePosted") unclosed.push(event);
    if (event.type === "PeriodTotalsStated") pages.push(event.data.totals);
    if (event.type !== "PeriodClosed") continue;
    const { data } = event;
    const paged = pages.splice(0);
    if (paged.length !== data.pages)
      faults.push(`period ${data.period} names ${data.pages} pages of totals, ${paged.length} are stated`);
    const later = unclosed.findIndex(({ position }) => position > data.position);
    const held = turnoverOf(unclosed.splice(0, later < 0 ? unclosed.length : later));
    const stated = [
      ...[...paged.flat(), ...data.totals].map(
        ({ account, debit, credit, currency = "CNY" }) => `${account}: ${debit} / ${credit} ${currency}`,
      ),
      `${data.charges} charges: ${data.debits} / ${data.credits}`,
    ];
    const odd = stated.find((row) => !held.includes(row)) ?? held.find((row) => !stated.includes(row));
    if (odd !== undefined || stated.length !== held.length)
      faults.push(`period ${data.period} and its pages differ in mills of debits / credits of ${odd}`);
  }
  return verdict("sum of debits = sum of credits", faults, yuan(turnover));
}

function nameOf({ type, stream, data }: RawEvent): string {
  if (type === "CorrectionPosted") return `correction ${data.correction}`;
  return type === "ChargePosted" ? `charge ${data.charge}` : stream;
}

function movesNothing({ type, data }: RawEvent): boolean {
  if (type === "FundsDeposited") return data.mills <= 0n;
  if (type !== "ChargePosted" && type !== "CorrectionPosted") return false;
  return data.lines.some(({ from, to, mills }) => from === to || mills <= 0n);
}

const sizeOf = (mills: bigint) => (mills < 0n ? -mills : mills);

/** Debits and credits of each account, and of all in CNY. */
function turnoverOf(events: readonly RawEvent[]): string[] {
  const accounts = new Map<string, { debit: bigint; credit: bigint }>();
  const book = (account: string, debit: bigint, credit: bigint) => {
    const before = accounts.get(account) ?? { debit: 0n, credit: 0n };
    accounts.set(account, { debit: before.debit + debit, credit: before.credit + credit });
  };
  let total = 0n;
  for (const entry of events.flatMap(entriesOf)) {
    if (entry.mills === 0n) continue;
    const [debited, credited] = sidesOf(entry);
    const mills = sizeOf(entry.mills);
    book(`${debited} ${entry.currency}`, mills, 0n);
    book(`${credited} ${entry.currency}`, 0n, mills);
    if (entry.currency === "CNY") total += mills;
  }
  const charges = events.filter(({ type }) => type === "ChargePosted").length;
  const rows = [...accounts].map(([key, { debit, credit }]) => {
    const [account, currency] = key.split(" ");
    return `${account}: ${debit} / ${credit} ${currency}`;
  });
  return [...rows, `${charges} charges: ${total} / ${total}`];
}

function sidesOf({ from, to, mills }: Entry): readonly [string, string] {
  return mills < 0n ? [to, from] : [from, to];
}
