import { type FactOf, factsOf, type RawEvent } from "./raw-events.ts";
import { type AuditCheck, verdict } from "./verdict.ts";

/** Accounts never go below nothing, open with what they carried, and get each deposit and pay each charge once. */
export function holdsAreSound(events: readonly RawEvent[]): AuditCheck {
  const { faults, settled } = accountFaults(events);
  const charges = new Map(
    factsOf(events, "ChargePosted").map(({ charge, tenantPays }) => [charge, tenantPays]),
  );
  for (const [charge, paid] of settled)
    if (charges.get(charge) !== paid)
      faults.push(`charge ${charge} is ${charges.get(charge)} mills, ${paid} were paid`);
  const unpaid = [...charges].filter(([charge, mills]) => mills !== 0n && !settled.has(charge));
  if (unpaid[0] !== undefined)
    faults.push(`${unpaid.length} charges were never paid, the first is ${unpaid[0][0]}`);
  return verdict(
    "every charge paid once, out of funds held",
    [...faults, ...netFaults(events), ...depositFaults(events)],
    `${settled.size} settlements`,
  );
}

interface Account {
  available: bigint;
  /** Mills by `JOB/STRETCH`. */
  readonly holds: Map<string, bigint>;
}

interface Followed {
  readonly faults: string[];
  /** What was paid of each charge. */
  readonly settled: ReadonlyMap<string, bigint>;
}

/** Follows every account through its periods. */
function accountFaults(events: readonly RawEvent[]): Followed {
  const faults: string[] = [];
  const accounts = new Map<string, Account>();
  const carried = new Map<string, string>();
  const opened: { stream: string; from: string; funds: string }[] = [];
  const settled = new Map<string, bigint>();
  for (const event of events) {
    const { stream, type, data } = event;
    const account = accounts.get(stream) ?? { available: 0n, holds: new Map() };
    if (type === "AccountOpened") {
      accounts.set(stream, accountOf(data));
      opened.push({ stream, from: `${data.account}/${data.period}`, funds: fundsOf(accountOf(data)) });
    }
    if (type === "AccountCarried") {
      carried.set(`${data.account}/${data.to}`, fundsOf(accountOf(data)));
      if (fundsOf(account) !== fundsOf(accountOf(data)))
        faults.push(`${stream} carries other funds than it has`);
    }
    if (type === "HoldSettled") {
      if (settled.has(data.charge)) faults.push(`charge ${data.charge} was paid twice`);
      settled.set(data.charge, data.paid);
    }
    move(account, event);
    if (account.available < 0n || [...account.holds.values()].some((mills) => mills < 0n))
      faults.push(`${stream} falls below nothing`);
  }
  // The feed keeps the order of a stream only: a period may stand in it before the one that it follows was carried.
  const nothing = fundsOf({ available: 0n, holds: new Map() });
  for (const { stream, from, funds } of opened)
    if (funds !== (carried.get(from) ?? nothing))
      faults.push(`${stream} opens with other funds than were carried`);
  return { faults, settled };
}

/** Carries one event of an account's stream out on it. */
function move(account: Account, { type, data }: RawEvent): void {
  const add = ({ job, stretch }: { job: string; stretch: number }, mills: bigint) => {
    const key = `${job}/${stretch}`;
    const left = (account.holds.get(key) ?? 0n) + mills;
    if (left === 0n) account.holds.delete(key);
    else account.holds.set(key, left);
  };
  switch (type) {
    case "FundsDeposited":
      account.available += data.mills;
      return;
    case "FundsHeld":
      account.available -= data.mills;
      add(data, data.mills);
      return;
    case "HoldReleased":
      account.available += data.mills;
      add(data, -data.mills);
      return;
    case "HoldSettled":
      account.available += data.released;
      add(data, -data.paid - data.released);
      return;
    default:
  }
}

function accountOf({ available, holds }: Pick<FactOf<"AccountOpened">, "available" | "holds">): Account {
  return {
    available,
    holds: new Map(holds.map(({ job, stretch, mills }) => [`${job}/${stretch}`, mills])),
  };
}

/** The same text for the same funds. */
function fundsOf({ available, holds }: Account): string {
  const held = [...holds].filter(([, mills]) => mills !== 0n).map(([hold, mills]) => `${hold}: ${mills}`);
  return [available, ...held.sort()].join(", ");
}

/** A charge takes from its tenant what its lines say. */
function netFaults(events: readonly RawEvent[]): string[] {
  return factsOf(events, "ChargePosted").flatMap(({ charge, account, tenantPays, lines }) => {
    const tenant = `tenant:${account}`;
    const net = lines.reduce(
      (sum, { from, to, mills }) => sum + (from === tenant ? mills : 0n) - (to === tenant ? mills : 0n),
      0n,
    );
    return net === tenantPays ? [] : [`charge ${charge} takes ${tenantPays} mills, its lines come to ${net}`];
  });
}

/** What is credited came in, and is credited once. */
function depositFaults(events: readonly RawEvent[]): string[] {
  const received = new Map(
    factsOf(events, "DepositReceived").map(({ deposit, account, mills }) => [
      deposit,
      `${mills} for ${account}`,
    ]),
  );
  const credited = new Set<string>();
  return factsOf(events, "FundsDeposited").flatMap(({ deposit, account, mills }) => {
    const twice = credited.has(deposit) ? [`deposit ${deposit} is credited twice`] : [];
    credited.add(deposit);
    const same = received.get(deposit) === `${mills} for ${account}`;
    return same ? twice : [...twice, `deposit ${deposit} is credited otherwise than it came in`];
  });
}
