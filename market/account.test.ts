import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AccountEvent } from "../events/catalog/account.ts";
import {
  AccountId,
  Currency,
  DepositId,
  JobId,
  MillsText,
  OwnerId,
  Period,
} from "../events/catalog/values.ts";
import { maxCommitBytes } from "../events/store/log.ts";
import { accountCommand } from "../test/account-commands.ts";
import { carryOut, given, refusal } from "../test/given-when-then.ts";
import { type AccountCommand, type AccountState, accountDecider, carryOf, heldOf } from "./account.ts";
import { accept, nothing } from "./decider.ts";
import { valuesIn } from "./layered-map.ts";
import { mills, millsText } from "./money.ts";
import { rules } from "./rules.ts";

const account = AccountId.parse("lab");
const owner = OwnerId.parse("university");
const job = JobId.parse("training");
const today = Period.parse("2026-01-05");
const tomorrow = Period.parse("2026-01-06");
const amount = (value: number) => MillsText.parse(String(value));

const opened: AccountEvent = {
  type: "AccountOpened",
  data: { account, owner, period: today, available: amount(0), holds: [] },
};
const deposited = (value: number, deposit = "d1"): AccountEvent => ({
  type: "FundsDeposited",
  data: { account, deposit: DepositId.parse(deposit), mills: amount(value) },
});
const held = (value: number, stretch = 1): AccountEvent => ({
  type: "FundsHeld",
  data: { account, job, stretch, mills: amount(value) },
});
const settle = (charge: string, paid: number, released: number): AccountCommand => ({
  type: "Settle",
  job,
  stretch: 1,
  charge,
  paid: amount(paid),
  released: amount(released),
});
const settled = (charge: string, paid: number, released: number): AccountEvent => ({
  type: "HoldSettled",
  data: { account, job, stretch: 1, charge, paid: amount(paid), released: amount(released) },
});
const hold = (value: number, stretch = 1): AccountCommand => ({
  type: "Hold",
  job,
  stretch,
  mills: amount(value),
});
const carry: AccountCommand = { type: "Carry", to: tomorrow };
/** 400 mills available and 100 held go from today to tomorrow. */
const handedOver = { available: amount(400), holds: [{ job, stretch: 1, mills: amount(100) }] };
const carried: AccountEvent = {
  type: "AccountCarried",
  data: { account, period: today, to: tomorrow, ...handedOver },
};
const openedNext: AccountEvent = {
  type: "AccountOpened",
  data: { account, owner, period: tomorrow, ...handedOver, carriedFrom: today },
};

/** Available and held, in mills. */
function balance(state: AccountState): [bigint, bigint] {
  return state.phase === "unknown" ? [0n, 0n] : [state.available, heldOf(state)];
}

describe("an account", () => {
  const open: AccountCommand = { type: "Open", account, owner, period: today };

  test("opens once, and for one owner", () => {
    expect(given(accountDecider).when(open)).toEqual(accept(opened));
    expect(given(accountDecider, opened).when(open)).toEqual(nothing);
    const other = { ...open, owner: OwnerId.parse("somebody-else") };
    expect(refusal(given(accountDecider, opened).when(other))).toBe("account-exists");
  });

  test("that was never opened takes nothing", () => {
    expect(refusal(given(accountDecider).when(hold(1)))).toBe("account-unknown");
  });

  test("credits a deposit once", () => {
    const deposit = { type: "Deposit", deposit: DepositId.parse("d1"), mills: amount(500) } as const;
    expect(given(accountDecider, opened).when(deposit)).toEqual(accept(deposited(500)));
    expect(given(accountDecider, opened, deposited(500)).when(deposit)).toEqual(nothing);
  });
});

const adjust = (value: number, adjustment = "correction-1"): AccountCommand => ({
  type: "Adjust",
  adjustment,
  cause: "correction",
  mills: amount(value),
});
const adjusted = (value: number, adjustment = "correction-1"): AccountEvent => ({
  type: "FundsAdjusted",
  data: { account, adjustment, cause: "correction", mills: amount(value) },
});
const phaseAfter = (...events: AccountEvent[]) => given(accountDecider, opened, ...events).state.phase;

describe("an adjustment", () => {
  test("changes what is available, once each", () => {
    const before = given(accountDecider, opened, deposited(500));
    expect(before.when(adjust(-40))).toEqual(accept(adjusted(-40)));
    const after = given(accountDecider, opened, deposited(500), adjusted(-40));
    expect(balance(after.state)).toEqual([460n, 0n]);
    expect(after.when(adjust(-40))).toEqual(nothing);
    expect(after.when(adjust(7, "correction-2"))).toEqual(accept(adjusted(7, "correction-2")));
  });

  test("is not taken for a charge or a deposit of the same name", () => {
    const after = given(accountDecider, opened, deposited(500, "d0"), held(100), adjusted(-40, "d1"));
    expect(after.when(settle("d1", 0, 0))).toEqual(accept(settled("d1", 0, 0)));
    const named = given(accountDecider, opened, deposited(500, "d1"));
    expect(named.when(adjust(-40, "d1"))).toEqual(accept(adjusted(-40, "d1")));
  });
});

describe("an account that is overdrawn", () => {
  const overdrawn = [opened, deposited(100), held(90), adjusted(-30)] as const;
  const refused: AccountEvent = {
    type: "HoldRefused",
    data: { account, job, stretch: 2, mills: amount(5), available: amount(-20), reason: "overdrawn" },
  };

  test("is in a state of its own, which nothing but a correction brings about", () => {
    expect(phaseAfter(deposited(100), held(100))).toBe("open");
    expect(given(accountDecider, ...overdrawn).state.phase).toBe("overdrawn");
    expect(balance(given(accountDecider, ...overdrawn).state)).toEqual([-20n, 90n]);
  });

  test("holds nothing new, not even nothing, and says why", () => {
    expect(given(accountDecider, ...overdrawn).when(hold(5, 2))).toEqual(accept(refused));
    expect(refusal(given(accountDecider, ...overdrawn, refused).when(hold(5, 2)))).toBe("account-overdrawn");
    const free: AccountEvent = { ...refused, data: { ...refused.data, mills: amount(0) } };
    expect(given(accountDecider, ...overdrawn).when(hold(0, 2))).toEqual(accept(free));
  });

  test("goes on to settle and release what it holds", () => {
    const before = given(accountDecider, ...overdrawn);
    expect(before.when(settle("c1", 80, 5))).toEqual(accept(settled("c1", 80, 5)));
    expect(balance(given(accountDecider, ...overdrawn, settled("c1", 80, 5)).state)).toEqual([-15n, 5n]);
    const release = { type: "Release", job, stretch: 1, cause: "expired" } as const;
    expect(before.when(release)).toEqual(
      accept<AccountEvent>({
        type: "HoldReleased",
        data: { account, job, stretch: 1, mills: amount(90), cause: "expired" },
      }),
    );
  });

  test("is healed by a deposit, by what a hold lets go of, or by another correction", () => {
    expect(given(accountDecider, ...overdrawn, deposited(19, "d2")).state.phase).toBe("overdrawn");
    expect(given(accountDecider, ...overdrawn, deposited(20, "d2")).state.phase).toBe("open");
    expect(given(accountDecider, ...overdrawn, settled("c1", 0, 90)).state.phase).toBe("open");
    expect(given(accountDecider, ...overdrawn, adjusted(25, "correction-2")).state.phase).toBe("open");
    const healed = given(accountDecider, ...overdrawn, refused, deposited(25, "d2"));
    expect(healed.when(hold(5, 2))).toEqual(accept(held(5, 2)));
  });

  test("stays so over midnight", () => {
    const before = given(accountDecider, ...overdrawn).when(carry);
    if (!before.ok) throw new Error("not carried");
    const { state } = given(accountDecider, ...overdrawn, ...before.events);
    if (state.phase === "unknown") throw new Error("not opened");
    const next = given(accountDecider).when({
      type: "Open",
      account,
      owner,
      period: tomorrow,
      carry: carryOf(state),
    });
    if (!next.ok) throw new Error("not opened");
    expect(given(accountDecider, ...next.events).state.phase).toBe("overdrawn");
  });
});

describe("an account's tax rate and currency", () => {
  const usd = Currency.parse("USD");
  const inUsd: AccountEvent = { ...opened, data: { ...opened.data, currency: usd } };
  const open = { type: "Open", account, owner, period: today } as const;
  const rateSet = (taxRate: number): AccountEvent => ({ type: "TaxRateSet", data: { account, taxRate } });

  test("the rate is set, and set again only to another", () => {
    const set = { type: "SetTaxRate", taxRate: 600 } as const;
    expect(given(accountDecider, opened).when(set)).toEqual(accept(rateSet(600)));
    expect(given(accountDecider, opened, rateSet(600)).when(set)).toEqual(nothing);
    expect(given(accountDecider, opened).when({ ...set, taxRate: 0 })).toEqual(nothing);
    expect(given(accountDecider, opened, rateSet(600)).when({ ...set, taxRate: 0 })).toEqual(
      accept(rateSet(0)),
    );
  });

  test("the currency is fixed when it opens, and said of its money", () => {
    expect(given(accountDecider).when({ ...open, currency: usd })).toEqual(accept(inUsd));
    const again = given(accountDecider, inUsd);
    expect(again.when({ ...open, currency: usd })).toEqual(nothing);
    expect(refusal(again.when(open))).toBe("currency-fixed");
    expect(again.when({ type: "Deposit", deposit: DepositId.parse("d1"), mills: amount(5) })).toEqual(
      accept<AccountEvent>({
        type: "FundsDeposited",
        data: { account, deposit: DepositId.parse("d1"), mills: amount(5), currency: usd },
      }),
    );
    expect(again.when(adjust(5))).toEqual(
      accept<AccountEvent>({
        type: "FundsAdjusted",
        data: {
          account,
          adjustment: "correction-1",
          cause: "correction",
          mills: amount(5),
          currency: usd,
        },
      }),
    );
  });

  test("both go with it into the next day", () => {
    const { state } = given(accountDecider, inUsd, rateSet(600));
    if (state.phase === "unknown") throw new Error("not opened");
    expect(given(accountDecider).when({ ...open, period: tomorrow, carry: carryOf(state) })).toEqual(
      accept<AccountEvent>({
        type: "AccountOpened",
        data: {
          account,
          owner,
          period: tomorrow,
          available: amount(0),
          holds: [],
          carriedFrom: today,
          currency: usd,
          taxRate: 600,
        },
      }),
    );
  });
});

describe("a hold", () => {
  test("moves funds from what is available to what is held", () => {
    const before = given(accountDecider, opened, deposited(500));
    expect(before.when(hold(500))).toEqual(accept(held(500)));
    expect(balance(given(accountDecider, opened, deposited(500), held(500)).state)).toEqual([0n, 500n]);
  });

  test("is refused beyond what is available, which the refusal names", () => {
    expect(given(accountDecider, opened, deposited(499)).when(hold(500))).toEqual(
      accept<AccountEvent>({
        type: "HoldRefused",
        data: { account, job, stretch: 1, mills: amount(500), available: amount(499) },
      }),
    );
  });

  test("that was refused is no new fact until the funds are there", () => {
    const refused: AccountEvent = {
      type: "HoldRefused",
      data: { account, job, stretch: 2, mills: amount(500), available: amount(0) },
    };
    expect(refusal(given(accountDecider, opened, refused).when(hold(500, 2)))).toBe("funds-missing");
    const funded = given(accountDecider, opened, refused, deposited(500));
    expect(funded.when(hold(500, 2))).toEqual(accept(held(500, 2)));
  });

  test("of a request is answered once: who asks again late, with an old state of the job, gets that answer", () => {
    const release: AccountEvent = {
      type: "HoldReleased",
      data: { account, job, stretch: 1, mills: amount(100) },
    };
    const before = [opened, deposited(500), held(100)] as const;
    expect(given(accountDecider, ...before, release).when(hold(100))).toEqual(nothing);
    expect(given(accountDecider, ...before, settled("c1", 60, 40)).when(hold(100))).toEqual(nothing);
    const refused: AccountEvent = {
      type: "HoldRefused",
      data: { account, job, stretch: 1, mills: amount(600), available: amount(500) },
    };
    const funded = given(accountDecider, opened, deposited(500), refused, deposited(500, "d2"));
    expect(refusal(funded.when(hold(600)))).toBe("funds-missing");
  });

  test("of a request is answered once in the days after, too", () => {
    const ended = given(accountDecider, opened, deposited(500), held(100), settled("c1", 100, 0), carried);
    expect(ended.when(hold(100))).toEqual(nothing);
    expect(given(accountDecider, openedNext, settled("c1", 100, 0)).when(hold(100))).toEqual(nothing);
  });

  test("beyond the most that an account may have open is refused, until one of them is let go", () => {
    const many = Array.from({ length: rules.openHoldsMax }, (_, n) => held(0, n + 1));
    const crowded: AccountEvent = {
      type: "HoldRefused",
      data: {
        account,
        job,
        stretch: 9_999,
        mills: amount(5),
        available: amount(100),
        reason: "openHolds",
      },
    };
    const full = given(accountDecider, opened, deposited(100), ...many);
    expect(full.when(hold(5, 9_999))).toEqual(accept(crowded));
    expect(full.when(hold(5, 1))).toEqual(nothing);
    const told = given(accountDecider, opened, deposited(100), ...many, crowded);
    expect(refusal(told.when(hold(5, 9_999)))).toBe("holds-full");
    const released: AccountEvent = {
      type: "HoldReleased",
      data: { account, job, stretch: 7, mills: amount(0) },
    };
    const roomy = given(accountDecider, opened, deposited(100), ...many, crowded, released);
    expect(roomy.when(hold(5, 9_999))).toEqual(accept(held(5, 9_999)));
  });

  test("of the largest account fits the one commit that carries it over midnight", () => {
    const longest = JobId.parse("f".repeat(26));
    const many = Array.from(
      { length: rules.openHoldsMax },
      (_, n): AccountEvent => ({
        type: "FundsHeld",
        data: { account, job: longest, stretch: 100 + n, mills: amount(9_999_999_999_999) },
      }),
    );
    const carried = given(accountDecider, opened, ...many).when(carry);
    expect(JSON.stringify(carried).length).toBeLessThan(maxCommitBytes - 1_000);
  });

  test("of nothing is a hold too: a job that bids 0 has one", () => {
    expect(given(accountDecider, opened).when(hold(0))).toEqual(accept(held(0)));
    expect(given(accountDecider, opened, held(0)).when(hold(0))).toEqual(nothing);
  });

  test("is taken once for a stretch, and again for the next", () => {
    const before = given(accountDecider, opened, deposited(500), held(100));
    expect(before.when(hold(200))).toEqual(nothing);
    expect(before.when(hold(200, 2))).toEqual(accept(held(200, 2)));
  });

  test("is released whole, once", () => {
    const release = { type: "Release", job, stretch: 1 } as const;
    const released: AccountEvent = {
      type: "HoldReleased",
      data: { account, job, stretch: 1, mills: amount(100) },
    };
    expect(given(accountDecider, opened, deposited(500), held(100)).when(release)).toEqual(accept(released));
    const after = given(accountDecider, opened, deposited(500), held(100), released);
    expect(balance(after.state)).toEqual([500n, 0n]);
    expect(after.when(release)).toEqual(nothing);
  });
});

describe("a charge", () => {
  const before = [opened, deposited(500), held(100)];

  test("is paid out of its hold, and what it lets go of is available again", () => {
    expect(given(accountDecider, ...before).when(settle("c1", 60, 30))).toEqual(
      accept(settled("c1", 60, 30)),
    );
    const after = given(accountDecider, ...before, settled("c1", 60, 30));
    expect(balance(after.state)).toEqual([430n, 10n]);
  });

  test("is settled once", () => {
    expect(given(accountDecider, ...before, settled("c1", 60, 30)).when(settle("c1", 60, 30))).toEqual(
      nothing,
    );
  });

  test("never takes more than is held", () => {
    expect(refusal(given(accountDecider, ...before).when(settle("c1", 101, 0)))).toBe("beyond-hold");
    expect(refusal(given(accountDecider, ...before).when(settle("c1", 100, 1)))).toBe("beyond-hold");
  });

  test("may be a credit, which is released", () => {
    const after = given(accountDecider, ...before, settled("c1", -40, 140));
    expect(balance(after.state)).toEqual([540n, 0n]);
  });

  test("credits a hold that charges have used up", () => {
    const used = given(accountDecider, ...before, settled("c1", 100, 0));
    expect(used.when(settle("c2", -40, 40))).toEqual(accept(settled("c2", -40, 40)));
    expect(
      balance(given(accountDecider, ...before, settled("c1", 100, 0), settled("c2", -40, 40)).state),
    ).toEqual([440n, 0n]);
  });
});

describe("the carry into the next day", () => {
  const before = [opened, deposited(500), held(100)];

  test("hands over the balance and every hold", () => {
    expect(given(accountDecider, ...before).when(carry)).toEqual(accept(carried));
    const { state } = given(accountDecider, ...before, carried);
    if (state.phase === "unknown") throw new Error("not opened");
    const open: AccountCommand = { type: "Open", account, owner, period: tomorrow, carry: carryOf(state) };
    expect(given(accountDecider).when(open)).toEqual(accept(openedNext));
  });

  test("leads forward only", () => {
    expect(refusal(given(accountDecider, ...before).when({ type: "Carry", to: today }))).toBe("carried-back");
  });

  test("closes the day to everything but repeats of what it did", () => {
    const after = given(accountDecider, ...before, settled("c1", 0, 0), carried);
    expect(after.when(carry)).toEqual(nothing);
    expect(after.when(settle("c1", 0, 0))).toEqual(nothing);
    expect(after.when({ type: "Deposit", deposit: DepositId.parse("d1"), mills: amount(500) })).toEqual(
      nothing,
    );
    expect(refusal(after.when(settle("c2", 1, 0)))).toBe("account-carried");
    expect(refusal(after.when(hold(1, 2)))).toBe("account-carried");
  });
});

/** What an event adds to the funds available, in mills. */
function gained(event: AccountEvent): bigint {
  switch (event.type) {
    case "FundsDeposited":
    case "FundsAdjusted":
    case "HoldReleased":
      return mills(event.data.mills);
    case "HoldSettled":
      return mills(event.data.released);
    case "FundsHeld":
      return -mills(event.data.mills);
    default:
      return 0n;
  }
}

describe("any sequence of commands", () => {
  /** What may come while an account is overdrawn: a hold may not. */
  const heals = ["FundsDeposited", "HoldReleased", "HoldSettled", "HoldRefused", "AccountCarried"];
  const command = fc.oneof(
    { weight: 19, arbitrary: accountCommand },
    { weight: 1, arbitrary: fc.constant(carry) },
  );
  const commands = fc
    .array(command, { maxLength: 40 })
    .map((rest): AccountCommand[] => [{ type: "Open", account, owner, period: today }, ...rest]);

  test("overdraws by corrections only, conserves money, and adds nothing after the carry", () => {
    fc.assert(
      fc.property(commands, (all) => {
        let carriedAt: number | undefined;
        const { state, events } = carryOut(accountDecider, all, (now) => {
          if (now.phase === "unknown") return;
          if (now.phase !== "carried") expect(now.phase === "overdrawn").toBe(now.available < 0n);
          for (const one of valuesIn(now.holds)) expect(mills(one.mills) >= 0n).toBe(true);
        });
        let available = 0n;
        for (const event of events) {
          available += gained(event);
          if (available < 0n) expect(["FundsAdjusted", ...heals]).toContain(event.type);
        }
        for (const [index, { type }] of events.entries()) if (type === "AccountCarried") carriedAt = index;
        if (carriedAt !== undefined) expect(carriedAt).toBe(events.length - 1);
        const cameIn = events.reduce((sum, event) => {
          if (event.type === "FundsDeposited" || event.type === "FundsAdjusted")
            return sum + mills(event.data.mills);
          return event.type === "HoldSettled" ? sum - mills(event.data.paid) : sum;
        }, 0n);
        const [free, heldNow] = balance(state);
        expect(free + heldNow).toBe(cameIn);
        expect(millsText(free)).toBe(free.toString());
      }),
      { numRuns: 500 },
    );
  });
});
