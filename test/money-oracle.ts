import type { DomainEvent } from "../events/catalog/catalog.ts";
import type { ChargeLine } from "../events/catalog/job.ts";
import { marketCurrency, mills, millsText } from "../market/money.ts";
import { entriesOf } from "../market/settlement/ledger.ts";

// What no feed may show of money, told by events alone: none of it asks a decider or anything that charges.

type EventOf<Type extends DomainEvent["type"]> = Extract<DomainEvent, { type: Type }>;

/** All that is wrong with the money of a feed; nothing, where all is well. */
export function wrongsIn(feed: readonly DomainEvent[]): string[] {
  return [
    ...notConserved(feed),
    ...doneTwice(feed),
    ...beyondHolds(feed),
    ...overspent(feed),
    ...carriedWrongly(feed),
    ...paidOtherwise(feed),
    ...beyondCharges(feed),
    ...beyondAwards(feed),
    ...notRoundedDown(feed),
    ...borneByNobody(feed),
  ];
}

/** What an event brings in from the bank, or takes out, in mills of its currency. */
function fromBank(event: DomainEvent): { readonly mills: bigint; readonly currency: string } | undefined {
  switch (event.type) {
    case "FundsDeposited":
      return { mills: mills(event.data.mills), currency: event.data.currency ?? marketCurrency };
    case "GuaranteePosted":
      return { mills: mills(event.data.change ?? event.data.mills), currency: marketCurrency };
    case "DefaultFundContributed":
      return { mills: mills(event.data.mills), currency: marketCurrency };
    case "PayoutPaid":
      return { mills: -mills(event.data.mills), currency: event.data.currency ?? marketCurrency };
    default:
      return undefined;
  }
}

/** After every event the balances of a currency come to what the bank brought; what passes through leaves nothing. */
function notConserved(feed: readonly DomainEvent[]): string[] {
  const wrongs: string[] = [];
  const balances = new Map<string, bigint>();
  const [sums, brought] = [new Map<string, bigint>(), new Map<string, bigint>()];
  const add = (to: Map<string, bigint>, key: string, amount: bigint) =>
    to.set(key, (to.get(key) ?? 0n) + amount);
  for (const event of feed) {
    const income = fromBank(event);
    if (income !== undefined) add(brought, income.currency, income.mills);
    for (const { debit, credit, mills: amount, currency } of entriesOf(event))
      for (const [account, change] of [[debit, -amount] as const, [credit, amount] as const]) {
        add(balances, `${account} ${currency}`, change);
        if (account !== "bank") add(sums, currency, change);
      }
    for (const [currency, sum] of sums)
      if (sum !== (brought.get(currency) ?? 0n))
        wrongs.push(`${event.type} leaves ${sum} of ${brought.get(currency)} ${currency}`);
    for (const name of ["operator:fees", "operator:penalties"])
      if ((balances.get(`${name} ${marketCurrency}`) ?? 0n) !== 0n)
        wrongs.push(`${event.type} leaves something on ${name}`);
  }
  return wrongs;
}

/** By what an event may be in the feed once only. */
function onceKey({ type, data }: DomainEvent): string | undefined {
  switch (type) {
    case "FundsDeposited":
      return `${type} ${data.deposit}`;
    case "ChargePosted":
    case "HoldSettled":
      return `${type} ${data.charge}`;
    case "CorrectionPosted":
      return `${type} ${data.correction}`;
    case "FundsAdjusted":
      return `${type} ${data.adjustment}`;
    case "InvoiceIssued":
      return `${type} ${data.invoice}`;
    case "PayoutStated":
    case "PayoutPaid":
    case "GuaranteeDrawn":
    case "DefaultFundDrawn":
      return `${type} ${data.payout}`;
    case "DefaultFundContributed":
      return `${type} ${data.contribution}`;
    case "GuaranteePosted":
      return data.deposit === undefined ? undefined : `${type} ${data.deposit}`;
    case "PeriodClosed":
      return `${type} ${data.period}`;
    default:
      return undefined;
  }
}

function doneTwice(feed: readonly DomainEvent[]): string[] {
  const seen = new Set<string>();
  return feed.flatMap((event) => {
    const key = onceKey(event);
    if (key === undefined) return [];
    if (seen.has(key)) return [`${key} comes twice`];
    seen.add(key);
    return [];
  });
}

/** No hold is ever less than nothing. */
function beyondHolds(feed: readonly DomainEvent[]): string[] {
  const holds = new Map<string, bigint>();
  return feed.flatMap(({ type, data }) => {
    if (type !== "FundsHeld" && type !== "HoldSettled" && type !== "HoldReleased") return [];
    const key = `${data.account}/${data.job}/${data.stretch}`;
    const change =
      type === "FundsHeld"
        ? mills(data.mills)
        : type === "HoldSettled"
          ? -mills(data.paid) - mills(data.released)
          : -mills(data.mills);
    const left = (holds.get(key) ?? 0n) + change;
    holds.set(key, left);
    return left < 0n ? [`hold ${key} is ${left}`] : [];
  });
}

/** Nothing but a correction overdraws an account; guarantees and the default fund have what is drawn on them. */
function overspent(feed: readonly DomainEvent[]): string[] {
  const balances = new Map<string, bigint>();
  return feed.flatMap((event) =>
    entriesOf(event).flatMap(({ debit, credit, mills: amount }) => {
      const left = (balances.get(debit) ?? 0n) - amount;
      balances.set(debit, left);
      balances.set(credit, (balances.get(credit) ?? 0n) + amount);
      const prefunded = /:(available|guarantee)$|^operator:default-fund$/.test(debit);
      return prefunded && left < 0n && event.type !== "FundsAdjusted" ? [`${debit} is ${left}`] : [];
    }),
  );
}

/** What an account carries into its next day is what the ledger has of it, whenever the days reached the feed. */
function carriedWrongly(feed: readonly DomainEvent[]): string[] {
  const carries = feed.filter((event): event is EventOf<"AccountCarried"> => event.type === "AccountCarried");
  return carries.flatMap(({ data: { account, period, available, holds } }) => {
    const own = feed.slice(
      0,
      feed.findIndex(
        (event) =>
          event.type === "AccountCarried" && event.data.account === account && event.data.period === period,
      ),
    );
    const balance = (name: string) =>
      own.flatMap(entriesOf).reduce((sum, entry) => {
        if (entry.credit === name) return sum + entry.mills;
        return entry.debit === name ? sum - entry.mills : sum;
      }, 0n);
    const held = holds.reduce((sum, hold) => sum + mills(hold.mills), 0n);
    return balance(`tenant:${account}:available`) === mills(available) &&
      balance(`tenant:${account}:held`) === held
      ? []
      : [`${account} carries ${available} and ${held} out of ${period}`];
  });
}

/** A hold pays what its charge says, an account is adjusted by what its correction or its invoice says. */
function paidOtherwise(feed: readonly DomainEvent[]): string[] {
  const asked = new Map<string, string>();
  for (const { type, data } of feed) {
    if (type === "ChargePosted") asked.set(data.charge, `${data.tenantPays}/${data.releases}`);
    if (type === "CorrectionPosted") asked.set(data.correction, millsText(-mills(data.tenantPays)));
    if (type === "InvoiceIssued") asked.set(data.invoice, data.rounding);
  }
  return feed.flatMap(({ type, data }) => {
    if (type === "HoldSettled" && asked.get(data.charge) !== `${data.paid}/${data.released}`)
      return [`${data.charge} is settled with ${data.paid}/${data.released}`];
    if (type === "FundsAdjusted" && asked.get(data.adjustment) !== data.mills)
      return [`${data.adjustment} is adjusted by ${data.mills}`];
    return [];
  });
}

/** Corrections take back no more than a charge moved. Tax follows from the rest. */
function beyondCharges(feed: readonly DomainEvent[]): string[] {
  const moved = new Map<string, bigint>();
  return feed.flatMap(({ type, data }) => {
    if (type !== "ChargePosted" && type !== "CorrectionPosted") return [];
    const of = type === "ChargePosted" ? data.charge : data.corrects;
    return data.lines.flatMap(({ kind, from, to, mills: amount }) => {
      const [there, back] = [`${of} ${kind} ${from} ${to}`, `${of} ${kind} ${to} ${from}`];
      const key = kind !== "tax" && moved.has(back) ? back : there;
      const left = (moved.get(key) ?? 0n) + (key === back ? -mills(amount) : mills(amount));
      moved.set(key, left);
      return left < 0n ? [`of ${key} ${left} is left`] : [];
    });
  });
}

/** Penalties of an award are no more than it is worth (row 15). */
function beyondAwards(feed: readonly DomainEvent[]): string[] {
  const worth = new Map<string, bigint>();
  const penalties = new Map<string, bigint>();
  const signOf = ({ kind, from }: ChargeLine) =>
    kind !== "penalty" ? 0n : from.startsWith("center:") ? 1n : -1n;
  return feed.flatMap(({ type, data }) => {
    if (type === "JobPlaced" || type === "JobContinued")
      worth.set(data.award.placement, mills(data.award.value));
    if (type !== "ChargePosted" && type !== "CorrectionPosted") return [];
    const more = data.lines.reduce((sum, line) => sum + signOf(line) * mills(line.mills), 0n);
    const all = (penalties.get(data.placement) ?? 0n) + more;
    penalties.set(data.placement, all);
    return all > (worth.get(data.placement) ?? 0n) ? [`penalties of ${data.placement} are ${all}`] : [];
  });
}

/** Invoices and payouts are whole fen, and what that leaves is less than one. */
function notRoundedDown(feed: readonly DomainEvent[]): string[] {
  return feed.flatMap(({ type, data }) => {
    if (type !== "InvoiceIssued" && type !== "PayoutStated") return [];
    const [payable, rounding] = [mills(data.payable), mills(data.rounding)];
    const whole = payable % 10n === 0n && rounding >= 0n && rounding < 10n;
    const adds = type === "PayoutStated" || mills(data.gross) === payable + rounding;
    return whole && adds ? [] : [`${type} of ${payable} leaves ${rounding}`];
  });
}

/** What a center owes is earned, drawn or taken back (row 15), to the mill. */
function borneByNobody(feed: readonly DomainEvent[]): string[] {
  const takenBack = new Map<string, bigint>();
  const drawn = new Map<string, bigint>();
  for (const { type, data } of feed) {
    if (type === "GuaranteeDrawn" || type === "DefaultFundDrawn")
      drawn.set(data.payout, (drawn.get(data.payout) ?? 0n) + mills(data.mills));
    if (type !== "CorrectionPosted" || data.cause !== "uncollectible") continue;
    for (const { to, mills: amount, kind } of data.lines) {
      if (kind === "tax") continue;
      takenBack.set(to, (takenBack.get(to) ?? 0n) + mills(amount));
    }
  }
  const stated = feed.filter((event): event is EventOf<"PayoutStated"> => event.type === "PayoutStated");
  const wrongs = stated.flatMap(({ data }) => {
    const earned = data.links.reduce((sum, link) => sum + mills(link.mills), mills(data.earned));
    const from = mills(data.fromGuarantee) + mills(data.fromDefaultFund);
    const borne = from + mills(data.uncollectible) + mills(data.carried ?? millsText(0n));
    const covered = earned + borne - mills(data.payable) - mills(data.rounding);
    return covered === mills(data.owed) && from === (drawn.get(data.payout) ?? 0n)
      ? []
      : [`${data.payout} covers ${covered} of ${data.owed}, ${drawn.get(data.payout)} drawn`];
  });
  const lost = Map.groupBy(stated, ({ data }) => `center:${data.center}`);
  return [
    ...wrongs,
    ...[...lost].flatMap(([center, payouts]) => {
      const sum = payouts.reduce((all, { data }) => all + mills(data.uncollectible), 0n);
      const taken = takenBack.get(center) ?? 0n;
      return sum === taken ? [] : [`${center} leaves ${sum}, ${taken} is taken back`];
    }),
  ];
}
