import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AccountEvent } from "../../events/catalog/account.ts";
import { AccountId, JobId, OwnerId, Period } from "../../events/catalog/values.ts";
import { accountCommand } from "../../test/account-commands.ts";
import { carryOut } from "../../test/given-when-then.ts";
import { type AccountCommand, accountDecider, carryOf, heldOf, type KnownAccount } from "../account.ts";
import { valuesIn } from "../layered-map.ts";
import { mills, millsText } from "../money.ts";
import { chart } from "./accounts.ts";
import { type Holds, noHolds, pendingOf, statusOf, withHoldEvents } from "./holds.ts";
import { balanceOf, emptyLedger, withEvents } from "./ledger.ts";

const account = AccountId.parse("lab");
const job = JobId.parse("train");
const of = { account, job, stretch: 1 };
const held: AccountEvent = { type: "FundsHeld", data: { ...of, mills: millsText(100n) } };
const settled = (paid: bigint, released: bigint): AccountEvent => ({
  type: "HoldSettled",
  data: { ...of, charge: `c${paid}`, paid: millsText(paid), released: millsText(released) },
});
const letGo = (cause?: "expired"): AccountEvent => ({
  type: "HoldReleased",
  data: { ...of, mills: millsText(100n), ...(cause === undefined ? {} : { cause }) },
});
const lifeAfter = (...events: readonly AccountEvent[]) => {
  const [life] = withHoldEvents(noHolds, events).values();
  if (life === undefined) throw new Error("no hold");
  return life;
};

describe("a hold", () => {
  test("is pending until charges have used it up or let go of it", () => {
    expect(statusOf(lifeAfter(held))).toBe("pending");
    expect(statusOf(lifeAfter(held, settled(40n, 50n)))).toBe("pending");
    expect(pendingOf(lifeAfter(held, settled(40n, 50n)))).toBe(10n);
    const posted = lifeAfter(held, settled(40n, 50n), settled(10n, 0n));
    expect([statusOf(posted), posted.posted, posted.released]).toEqual(["posted", 50n, 50n]);
  });

  test("that nothing was charged to is released, or expired where no auction can use it any more", () => {
    expect(statusOf(lifeAfter(held, settled(0n, 100n)))).toBe("released");
    expect(statusOf(lifeAfter(held, letGo()))).toBe("released");
    expect(lifeAfter(held, letGo("expired"))).toMatchObject({ expired: 100n, released: 0n });
    expect(statusOf(lifeAfter(held, letGo("expired")))).toBe("expired");
  });

  test("that a penalty was paid into is posted, by what the tenant received", () => {
    const life = lifeAfter(held, settled(-20n, 120n));
    expect([statusOf(life), life.posted, pendingOf(life)]).toEqual(["posted", -20n, 0n]);
  });
});

describe("any life of accounts over several days", () => {
  const command = fc.oneof(
    { weight: 19, arbitrary: accountCommand },
    { weight: 1, arbitrary: fc.constant("night" as const) },
  );

  /** Drives the decider day after day, as the exchange does; gives all events and where the account stands at last. */
  function live(commands: readonly (AccountCommand | "night")[]) {
    const days = split(commands);
    const events: AccountEvent[] = [];
    let before: KnownAccount | undefined;
    for (const [index, day] of days.entries()) {
      const period = Period.parse(`2026-03-${String(index + 1).padStart(2, "0")}`);
      const next = Period.parse(`2026-03-${String(index + 2).padStart(2, "0")}`);
      const carry = before === undefined ? {} : { carry: carryOf(before) };
      const open = { type: "Open", account, owner: OwnerId.parse("university"), period, ...carry } as const;
      const end = index < days.length - 1 ? [{ type: "Carry", to: next } as const] : [];
      const { state, events: own } = carryOut(accountDecider, [open, ...day, ...end]);
      events.push(...own);
      if (state.phase === "unknown") throw new Error("not opened");
      before = state;
    }
    if (before === undefined) throw new Error("no day");
    return { events, last: before };
  }

  function split(commands: readonly (AccountCommand | "night")[]): AccountCommand[][] {
    const days: AccountCommand[][] = [[]];
    for (const one of commands) {
      if (one === "night") days.push([]);
      else days.at(-1)?.push(one);
    }
    return days;
  }

  const pendingIn = (holds: Holds) => [...holds.values()].reduce((sum, life) => sum + pendingOf(life), 0n);
  const lives = fc.array(command, { maxLength: 40 });

  test("leaves the ledger with what the account has, available and held, and each hold with what is held of it", () => {
    fc.assert(
      fc.property(lives, (commands) => {
        const { events, last } = live(commands);
        const ledger = withEvents(emptyLedger, events);
        expect(balanceOf(ledger, chart.available(account))).toBe(last.available);
        expect(balanceOf(ledger, chart.held(account))).toBe(heldOf(last));
        const holds = withHoldEvents(noHolds, events);
        expect(pendingIn(holds)).toBe(heldOf(last));
        for (const open of valuesIn(last.holds)) {
          const life = holds.get(`${account}/${open.job}/${open.stretch}`);
          expect(life === undefined ? 0n : pendingOf(life)).toBe(mills(open.mills));
        }
      }),
      { numRuns: 400 },
    );
  });

  test("adds up whatever the order of the events", () => {
    fc.assert(
      fc.property(lives, (commands) => {
        const { events } = live(commands);
        const whole = withHoldEvents(noHolds, events);
        expect(withHoldEvents(noHolds, events.toReversed())).toEqual(whole);
      }),
    );
  });
});
