import { type FactOf, factsOf, type RawEvent } from "./raw-events.ts";
import { type AuditCheck, verdict } from "./verdict.ts";

/** Accounts go below nothing by corrections only, open with what they carried, and get each deposit and pay each charge once. */
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
    [...faults, ...netFaults(events), ...depositFaults(events), ...adjustmentFaults(events)],
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
    const before = account.available;
    move(account, event);
    const overdrawn = account.available < 0n && account.available < before && type !== "FundsAdjusted";
    if (overdrawn || [...account.holds.values()].some((mills) => mills < 0n))
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
    case "FundsAdjusted":
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

/** A charge takes from its tenant what its lines say, and so does a correction. */
function netFaults(events: readonly RawEvent[]): string[] {
  return [
    ...factsOf(events, "ChargePosted").map((data) => ({ name: `charge ${data.charge}`, ...data })),
    ...factsOf(events, "CorrectionPosted").map((data) => ({
      name: `correction ${data.correction}`,
      ...data,
    })),
  ].flatMap(({ name, account, tenantPays, lines }) => {
    const tenant = `tenant:${account}`;
    const net = lines.reduce(
      (sum, { from, to, mills }) => sum + (from === tenant ? mills : 0n) - (to === tenant ? mills : 0n),
      0n,
    );
    return net === tenantPays ? [] : [`${name} takes ${tenantPays} mills, its lines come to ${net}`];
  });
}

/** What was adjusted is what an invoice or a correction says, once each; each that says something is adjusted. */
function adjustmentFaults(events: readonly RawEvent[]): string[] {
  const due = new Map<string, string>();
  for (const { invoice, account, rounding } of factsOf(events, "InvoiceIssued"))
    if (rounding !== 0n) due.set(`rounding ${invoice}`, `${rounding} for ${account}`);
  for (const { correction, account, tenantPays } of factsOf(events, "CorrectionPosted"))
    if (tenantPays !== 0n) due.set(`correction ${correction}`, `${-tenantPays} for ${account}`);
  const done = new Set<string>();
  const faults = factsOf(events, "FundsAdjusted").flatMap(({ adjustment, cause, account, mills }) => {
    const name = `${cause} ${adjustment}`;
    const twice = done.has(name) ? [`${name} is adjusted twice`] : [];
    done.add(name);
    const same = due.get(name) === `${mills} for ${account}`;
    return same ? twice : [...twice, `${name} is adjusted otherwise than it says`];
  });
  const waiting = [...due.keys()].filter((name) => !done.has(name));
  if (waiting[0] !== undefined)
    faults.push(`${waiting.length} adjustments were never made, the first is ${waiting[0]}`);
  return faults;
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
