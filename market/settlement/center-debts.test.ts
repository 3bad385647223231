import { describe, expect, test } from "vitest";
import { type DomainEvent, parseEvent } from "../../events/catalog/catalog.ts";
import type { ChargeLine } from "../../events/catalog/job.ts";
import { CenterId, JobId, MillsText, OwnerId, Period } from "../../events/catalog/values.ts";
import { type DebtsNow, takenBack } from "./center-debts.ts";
import { dayDebtOf, noStatements, payoutId, payoutOf, statementFactsOf, withFacts } from "./statements.ts";

const xian = "center:xian";
const payout = payoutId(CenterId.parse("xian"), Period.parse("2026-03-02"));

const penalty = (amount: number, from = xian, to = "tenant:lab") => ({
  kind: "penalty",
  row: 8,
  from,
  to,
  mills: String(amount),
});
const back = (amount: number) => penalty(amount, "tenant:lab", xian);
const placeOf = (job: string) => ({
  ...{ job, placement: `${job}.1`, stretch: 1, account: "lab", from: 1, to: 2, period: "2026-03-02" },
});
const charged = (job: string, amount: number): DomainEvent =>
  parseEvent("ChargePosted", {
    ...{ ...placeOf(job), charge: `${job}:end`, lines: [penalty(amount)] },
    ...{ tenantPays: String(-amount), releases: "0", final: true },
  });
const corrected = (job: string, line: object, cause = "resolution"): DomainEvent =>
  parseEvent("CorrectionPosted", {
    ...{ ...placeOf(job), correction: `x-${job}`, corrects: `${job}:end`, cause, lines: [line] },
    tenantPays: "0",
  });
const earned = (amount: number): DomainEvent =>
  parseEvent("ChargePosted", {
    ...{ ...placeOf("j-9"), charge: "j-9:end", releases: "0", final: true, tenantPays: String(amount) },
    lines: [{ kind: "compute", row: 3, from: "tenant:lab", to: xian, mills: String(amount) }],
  });

function statementOf(...events: readonly DomainEvent[]) {
  const statement = withFacts(noStatements, events.flatMap(statementFactsOf)).get(xian);
  if (statement === undefined) throw new Error("nothing of the center was charged");
  return statement;
}

/** What the recipient still has of each job, and corrections of this payout that were posted before. */
const now = (
  left: Readonly<Record<string, bigint>>,
  posted: Readonly<Record<string, bigint>> = {},
): DebtsNow => ({
  left: (job) => left[job] ?? 0n,
  posted: (job): ChargeLine[] | undefined => {
    const amount = posted[job];
    if (amount === undefined) return undefined;
    const line = { kind: "penalty", row: 15, from: "tenant:lab", to: xian } as const;
    return [{ ...line, mills: MillsText.parse(String(amount)) }];
  },
});
const taken = (events: readonly DomainEvent[], lost: bigint, then: DebtsNow) =>
  takenBack(statementOf(...events), lost, payout, then).map(({ job, lines }) => [
    job,
    ...lines.map((line) => line.mills),
  ]);

describe("what a center owes for a day", () => {
  test("is not what was given back to it on the same day, which it has not earned either", () => {
    const debt = dayDebtOf(
      statementOf(charged("j-1", 1600), corrected("j-1", back(1600)), charged("j-2", 1000)),
    );
    expect(debt).toMatchObject({ owed: 1000n, earned: 0n, recipients: new Map([["j-2:end#0", 1000n]]) });
    const part = dayDebtOf(statementOf(charged("j-1", 1600), corrected("j-1", back(600)), earned(50)));
    expect(part).toMatchObject({ owed: 1000n, earned: 50n, recipients: new Map([["j-1:end#0", 1000n]]) });
  });

  test("is all that was charged if an earlier day's penalty was given back: that is earned", () => {
    const debt = dayDebtOf(statementOf(corrected("j-1", back(1600)), charged("j-2", 1000)));
    expect(debt).toMatchObject({ owed: 1000n, earned: 1600n });
  });

  test("comes after what payouts before carried, as far as it earned that; the rest is carried on", () => {
    const stated = (carried: number) => {
      const none = { fromGuarantee: 0n, fromDefaultFund: 0n, uncollectible: 0n };
      const at = { period: Period.parse("2026-03-01"), at: "2026-03-01T16:03:00.000Z" };
      const before = statementOf(earned(0));
      const data = payoutOf(CenterId.parse("xian"), OwnerId.parse("o"), before, at, {
        ...none,
        carried: BigInt(carried),
      });
      return parseEvent("PayoutStated", data);
    };
    const owes = (carried: number) =>
      dayDebtOf(statementOf(stated(carried), earned(700), charged("j-2", 100)));
    expect(owes(400)).toMatchObject({ owed: 100n, earned: 300n, carried: 0n });
    expect(owes(900)).toMatchObject({ owed: 100n, earned: 0n, carried: 200n });
  });
});

describe("what nobody pays of it", () => {
  const both = [charged("j-1", 600), charged("j-2", 400)];

  test("is taken back in proportion", () => {
    expect(taken(both, 500n, now({ "j-1": 600n, "j-2": 400n }))).toEqual([
      ["j-1", "300"],
      ["j-2", "200"],
    ]);
  });

  test("is first what recipients gave back to the center behind the cut-off, which is not taken again", () => {
    expect(taken(both, 500n, now({ "j-1": 0n, "j-2": 400n }))).toEqual([]);
    expect(taken(both, 1000n, now({ "j-1": 0n, "j-2": 400n }))).toEqual([["j-2", "400"]]);
    expect(taken(both, 500n, now({ "j-1": 500n, "j-2": 400n }))).toEqual([
      ["j-1", "222"],
      ["j-2", "178"],
    ]);
  });

  test("is taken once: what an attempt before this one took stands", () => {
    expect(taken(both, 500n, now({ "j-1": 300n, "j-2": 400n }, { "j-1": 300n }))).toEqual([["j-2", "200"]]);
    // Whatever was given back in between, no more is taken than is lost.
    expect(taken(both, 500n, now({ "j-1": 300n, "j-2": 400n }, { "j-1": 450n }))).toEqual([["j-2", "50"]]);
  });

  test("of two postings on one charge is no more than is there for both", () => {
    const more = corrected("j-1", penalty(300), "lateUsage");
    const events = [charged("j-1", 600), more];
    expect(taken(events, 900n, now({ "j-1": 700n }))).toEqual([
      [JobId.parse("j-1"), "600"],
      [JobId.parse("j-1"), "100"],
    ]);
  });
});
