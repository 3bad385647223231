import { expect, test } from "vitest";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { ChargeLine, JobEvent } from "../../events/catalog/job.ts";
import { DepositId, Period } from "../../events/catalog/values.ts";
import { wrongsIn } from "../../test/money-oracle.ts";
import {
  acceptAt,
  account,
  admitted,
  awardOf,
  completedEarly,
  fill,
  inSlot,
  job,
  mills as millsOf,
  owner,
  place,
  placementId,
  start,
  wuhan,
  xian,
} from "../../test/training-job.ts";
import {
  type AccountCommand,
  type AccountState,
  accountDecider,
  holdKey,
  type KnownAccount,
} from "../account.ts";
import { type CenterCommand, type CenterState, centerDecider } from "../center.ts";
import type { Decider } from "../decider.ts";
import { type FundState, fundDecider } from "../fund.ts";
import { invoiceDecider } from "../invoice.ts";
import type { Correct, JobCommand } from "../job/commands.ts";
import { leftOfCharge } from "../job/correcting.ts";
import type { JobState, KnownJob } from "../job/state.ts";
import { jobDecider } from "../job.ts";
import { layered, valuesIn } from "../layered-map.ts";
import { mills, millsText, share } from "../money.ts";
import { payoutDecider } from "../payout.ts";
import { periodDecider } from "../period.ts";
import { periodOf, periodStart, SLOTS_PER_DAY } from "../time.ts";
import { ledgerAccounts } from "./accounts.ts";
import type { AwardBalance } from "./award-balance.ts";
import { partsOf, takenBack } from "./center-debts.ts";
import { coverDebt } from "./center-default.ts";
import {
  dayDebtOf,
  invoiceOf,
  noStatements,
  payoutId,
  payoutOf,
  statementFactsOf,
  withFacts,
} from "./statements.ts";

// Each guard of the money switched off, in parts that are real for the rest: what no feed may show then shows.

/**
 * What a decider answers when each command comes twice, and all of them once more.
 * @param seen what it sees of its state: a guard that is blind to what it looks at is switched off
 */
function told<State, Command, Event>(
  decider: Decider<State, Command, Event>,
  commands: readonly Command[],
  seen: (state: State) => State = (state) => state,
): Event[] {
  let state = decider.initial;
  return [...commands.flatMap((command) => [command, command]), ...commands].flatMap((command) => {
    const decision = decider.decide(command, seen(state));
    if (!decision.ok) return [];
    state = decision.events.reduce(decider.evolve, state);
    return [...decision.events];
  });
}

const plenty = 10n ** 12n;

const charge = `${placementId(1)}:end:100-104`;
const correct = (id: string, kind: ChargeLine["kind"], amount: number): Correct => {
  const [from, to] = [ledgerAccounts.center(xian), ledgerAccounts.tenant(account)];
  const lines = [{ kind, row: 3, from, to, mills: millsOf(amount) }];
  return { type: "Correct", id, charge, cause: "resolution", lines, at: inSlot(500) };
};

function jobTold(more: readonly JobCommand[], seen?: (job: KnownJob) => KnownJob): JobEvent[] {
  const state = (one: JobState) => (one.phase === "unknown" || seen === undefined ? one : seen(one));
  return told(jobDecider, [...completedEarly, ...more], state);
}

const withBalances = (change: (balance: AwardBalance) => AwardBalance) => (one: KnownJob) => ({
  ...one,
  balances: one.balances.map(change),
});

interface Taken {
  readonly deposited: number;
  /** What the account is asked for beyond the charge's lines. */
  readonly beyond: number;
}

/** The account of a job that was refunded, told of its charge and its correction. */
function accountTold(seen?: (account: KnownAccount) => KnownAccount, changed: Partial<Taken> = {}) {
  const ofJob = jobTold([correct("refund", "compute", 33)]);
  const { deposited, beyond } = { deposited: 20_000, beyond: 0, ...changed };
  const commands: AccountCommand[] = [
    { type: "Open", account, owner, period: Period.parse("2026-03-02") },
    { type: "Deposit", deposit: DepositId.parse("d-1"), mills: millsOf(deposited) },
    { type: "Hold", job, stretch: 1, mills: millsOf(20_000) },
  ];
  const asked: DomainEvent[] = ofJob.map((event): DomainEvent => {
    if (event.type !== "ChargePosted") return event;
    const more = { tenantPays: millsText(mills(event.data.tenantPays) + BigInt(beyond)) };
    return { type: event.type, data: { ...event.data, ...more } };
  });
  for (const { type, data } of asked) {
    if (type === "ChargePosted") {
      const { stretch, tenantPays, releases } = data;
      commands.push({
        type: "Settle",
        job,
        stretch,
        charge: data.charge,
        paid: tenantPays,
        released: releases,
      });
    }
    if (type === "CorrectionPosted") {
      const amount = millsText(-mills(data.tenantPays));
      commands.push({ type: "Adjust", adjustment: data.correction, cause: "correction", mills: amount });
    }
  }
  const state = (one: AccountState) => (one.phase === "unknown" || seen === undefined ? one : seen(one));
  return [...asked, ...told(accountDecider, commands, state)];
}

const day = Period.parse("2026-03-02");
const payout = payoutId(xian, day);
const at = "2026-03-02T16:04:00.000Z";

/** What both centers of a split job made of it, when one of them broke off in its first slot. */
const brokenOff = told(jobDecider, [
  ...admitted({ kind: "split", split: { chunk: 4, bandwidthGbps: 10, syncLatencyMs: 20 } }),
  place(awardOf(1, [fill({ cards: 4 }), fill({ cards: 4, center: wuhan, price: 207 })]), 20_000),
  acceptAt(1),
  acceptAt(1, wuhan),
  start(1),
  start(1, 1, wuhan),
  { type: "Refuse", placement: placementId(1), center: xian, at: inSlot(100, 60) },
]);
const statementOf = (party: string, events: readonly DomainEvent[]) => {
  const statement = withFacts(noStatements, events.flatMap(statementFactsOf)).get(party);
  if (statement === undefined) throw new Error(`nothing of ${party} was charged`);
  return statement;
};

/** The center has 7 mills of guarantee; `cut` says what a recipient of so many mills does without. */
function defaulted(cut?: (lost: bigint, part: bigint, owed: bigint) => bigint) {
  const statement = statementOf(ledgerAccounts.center(xian), brokenOff);
  const { carried: _, ...debt } = dayDebtOf(statement);
  const cover = coverDebt({ ...debt, guarantee: 7n, defaultFund: 0n });
  const stated = payoutOf(xian, owner, statement, { period: day, at }, cover);
  const state = brokenOff.reduce(jobDecider.evolve, jobDecider.initial);
  if (state.phase === "unknown") throw new Error("never requested");
  const left = (_job: unknown, charge: string, line: ChargeLine) => leftOfCharge(state, charge, line);
  const parts = [...partsOf(statement.debts).values()];
  const commands = takenBack(statement, cover.uncollectible, payout, { left, posted: () => undefined }).map(
    ({ lines, ...back }): Correct => ({
      ...{ type: "Correct", cause: "uncollectible", ...back, at: inSlot(500) },
      lines: lines.map((line) => {
        const part = parts.find((one) => one.charge === back.charge && one.line.to === line.from);
        if (cut === undefined || part === undefined) return line;
        return { ...line, mills: millsText(cut(cover.uncollectible, part.mills, debt.owed)) };
      }),
    }),
  );
  const corrected = told({ ...jobDecider, initial: state }, commands);
  const drawn = guaranteeTold([{ type: "DrawGuarantee", payout, mills: millsOf(7) }]);
  return [...brokenOff, ...drawn, ...told(payoutDecider, [{ type: "State", payout: stated }]), ...corrected];
}

const guaranteed = DepositId.parse("g-1");

function guaranteeTold(
  commands: readonly CenterCommand[],
  seen?: (state: Exclude<CenterState, { phase: "unknown" }>) => CenterState,
) {
  const pools = [{ product: fill().product, cards: 8, frameworks: [] }];
  const place = {
    name: "Xi'an",
    region: "CN-SN",
    puePermille: 1200,
    energy: Array.from({ length: 24 }, () => 0),
  };
  const spec = { center: xian, owner, ...place, homeRegions: [], pools, gridFactor: 0 };
  const posted: CenterCommand = { type: "PostGuarantee", deposit: guaranteed, mills: millsOf(7), at: 0 };
  const state = (one: CenterState) => (one.phase === "unknown" || seen === undefined ? one : seen(one));
  return told(centerDecider, [{ type: "Join", spec }, posted, ...commands], state);
}

const fundTold = (drawn: number, seen?: (state: FundState) => FundState) =>
  told(
    fundDecider,
    [
      { type: "Contribute", contribution: DepositId.parse("c-1"), mills: millsOf(90) },
      { type: "Draw", payout, center: xian, mills: millsOf(drawn) },
    ],
    seen,
  );

const someCharges = jobTold([correct("refund", "compute", 33)]);
const invoiced = (() => {
  const statement = statementOf(`account:${account}`, someCharges);
  const invoice = invoiceOf(account, statement, { owner, taxRate: 0 }, { period: day, at });
  if (invoice === undefined) throw new Error("nothing is invoiced");
  return invoice;
})();
const earned = payoutOf(
  xian,
  owner,
  statementOf(ledgerAccounts.center(xian), someCharges),
  { period: day, at },
  { fromGuarantee: 0n, fromDefaultFund: 0n, uncollectible: 0n },
);
const paid = [
  { type: "State", payout: earned },
  { type: "Pay", reference: "bank-1", at },
  { type: "Pay", reference: "bank-2", at },
] as const;

const opened = { type: "Open", period: day, afterPosition: 0 } as const;
const cutOff = { type: "CutOff", at, position: 1, feedHash: "h" } as const;
const totals = { debits: millsOf(0), credits: millsOf(0), charges: 0, totals: [] };
const closed = [opened, cutOff, { type: "Close", ...totals } as const];

/** A guard, what shows without it, and the feed that comes of it with the guard on and off. */
type Guard = readonly [name: string, shows: RegExp, feed: (isOff: boolean) => readonly DomainEvent[]];

const blind = <Value>(isOff: boolean, without: Value): Value | undefined => (isOff ? without : undefined);

const guards: readonly Guard[] = [
  [
    "what an account has done",
    /^(FundsDeposited|HoldSettled|FundsAdjusted) .* comes twice$/m,
    (isOff) => accountTold(blind(isOff, (one: KnownAccount) => ({ ...one, done: layered() }))),
  ],
  [
    "a charge is within its hold",
    /^hold .* is -/m,
    (isOff) => {
      const holds = (one: KnownAccount) =>
        valuesIn(one.holds).map(
          (held) => [holdKey(held.job, held.stretch), { ...held, mills: millsText(plenty) }] as const,
        );
      const seen = (one: KnownAccount) => ({ ...one, holds: layered(holds(one)) });
      return accountTold(blind(isOff, seen), { beyond: 5_000 });
    },
  ],
  [
    "a hold is within what is available",
    /:available is -/,
    (isOff) => {
      const seen = (one: KnownAccount) => ({ ...one, available: plenty });
      return accountTold(blind(isOff, seen), { deposited: 19_999 });
    },
  ],
  [
    "slots are charged once",
    /^ChargePosted .* comes twice$/m,
    (isOff) => {
      const running = completedEarly.slice(0, -1);
      const period = periodOf(100);
      const close: JobCommand = { type: "CloseDay", period, at: inSlot(periodStart(period) + SLOTS_PER_DAY) };
      const seen = withBalances((one) => ({ ...one, chargedTo: one.paidFrom, final: false }));
      const state = (one: JobState) => (one.phase === "unknown" || !isOff ? one : seen(one));
      return told(jobDecider, [...running, close], state);
    },
  ],
  [
    "a correction is posted once",
    /^CorrectionPosted .* comes twice$/m,
    (isOff) =>
      jobTold(
        [correct("refund", "compute", 33)],
        blind(isOff, (one: KnownJob) => ({ ...one, corrections: new Map() })),
      ),
  ],
  [
    "no more is given back than was paid",
    /^of .* is left$/m,
    (isOff) => {
      const seen = withBalances((one) => ({
        ...one,
        charges: new Map(
          [...one.charges].map(([id, charged]) => [
            id,
            { ...charged, moved: new Map([...charged.moved].map(([key, amount]) => [key, amount + plenty])) },
          ]),
        ),
      }));
      return jobTold(
        [correct("one", "compute", 4_000), correct("two", "compute", 4_000)],
        blind(isOff, seen),
      );
    },
  ],
  [
    "penalties are within the award's value",
    /^penalties of .* are /m,
    (isOff) =>
      jobTold(
        [correct("one", "penalty", 9_000), correct("two", "penalty", 9_000)],
        blind(
          isOff,
          withBalances((one) => ({ ...one, award: { ...one.award, value: millsText(plenty) } })),
        ),
      ),
  ],
  [
    "a guarantee is drawn on once for a payout",
    /^GuaranteeDrawn .* comes twice$/m,
    (isOff) =>
      guaranteeTold(
        [{ type: "DrawGuarantee", payout, mills: millsOf(2) }],
        blind(isOff, (one) => ({ ...one, drawnFor: new Set() })),
      ),
  ],
  [
    "no more is drawn than the guarantee",
    /:guarantee is -/,
    (isOff) =>
      guaranteeTold(
        [{ type: "DrawGuarantee", payout, mills: millsOf(8) }],
        blind(isOff, (one) => ({ ...one, guarantee: millsText(plenty) })),
      ),
  ],
  [
    "a guarantee takes a deposit once",
    /^GuaranteePosted .* comes twice$/m,
    (isOff) => {
      const again: CenterCommand = { type: "PostGuarantee", deposit: guaranteed, mills: millsOf(7), at: 0 };
      return guaranteeTold(
        [again],
        blind(isOff, (one) => ({ ...one, deposits: new Set() })),
      );
    },
  ],
  [
    "the default fund takes a contribution once",
    /^DefaultFundContributed .* comes twice$/m,
    (isOff) =>
      fundTold(
        5,
        blind(isOff, (one) => ({ ...one, contributions: new Set() })),
      ),
  ],
  [
    "the default fund is drawn on once for a payout",
    /^DefaultFundDrawn .* comes twice$/m,
    (isOff) =>
      fundTold(
        5,
        blind(isOff, (one) => ({ ...one, drawn: new Map() })),
      ),
  ],
  [
    "no more is drawn than the default fund has",
    /default-fund is -/,
    (isOff) =>
      fundTold(
        91,
        blind(isOff, (one) => ({ ...one, left: plenty })),
      ),
  ],
  [
    "what nobody can pay is split to the mill",
    /leaves \d+, \d+ is taken back$/m,
    (isOff) => defaulted(blind(isOff, share)),
  ],
  [
    "an invoice is issued once",
    /^InvoiceIssued .* comes twice$/m,
    (isOff) => [
      ...someCharges,
      ...told(
        invoiceDecider,
        [{ type: "Issue", invoice: invoiced }],
        blind(isOff, () => ({ phase: "unknown" })),
      ),
    ],
  ],
  [
    "an invoice is rounded down to whole fen",
    /^InvoiceIssued of .* leaves 0$/m,
    (isOff) => {
      const exact = { ...invoiced, payable: invoiced.gross, rounding: millsText(0n) };
      return [...someCharges, { type: "InvoiceIssued", data: isOff ? exact : invoiced }];
    },
  ],
  [
    "a payout is stated once",
    /^PayoutStated .* comes twice$/m,
    (isOff) => [
      ...someCharges,
      ...told(
        payoutDecider,
        paid,
        blind(isOff, () => ({ phase: "unknown" })),
      ),
    ],
  ],
  [
    "a payout is paid once",
    /^PayoutPaid .* comes twice$/m,
    (isOff) => [
      ...someCharges,
      ...told(
        payoutDecider,
        paid,
        blind(isOff, (one) => (one.phase === "paid" ? { phase: "stated", payout: one.payout } : one)),
      ),
    ],
  ],
  [
    "a day is closed once",
    /^PeriodClosed .* comes twice$/m,
    (isOff) =>
      told(
        periodDecider,
        closed,
        blind(isOff, (one) => (one.phase === "closed" ? { ...one, phase: "open" } : one)),
      ),
  ],
];

test.each(guards)("%s: without that guard it shows", (_, shows, feed) => {
  expect(wrongsIn(feed(false))).toEqual([]);
  expect(wrongsIn(feed(true)).join("\n")).toMatch(shows);
});
