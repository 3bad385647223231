import { describe, expect, test } from "vitest";
import type { ChargeLine, JobEvent } from "../../events/catalog/job.ts";
import { BreakId, LinkId } from "../../events/catalog/values.ts";
import { refusal } from "../../test/given-when-then.ts";
import {
  acceptAt,
  account,
  admitted,
  awardOf,
  begun,
  completedEarly,
  fill,
  inSlot,
  jobAfter,
  linkUse,
  mills,
  place,
  placementId,
  ranWhole,
  start,
  wuhan,
  xian,
} from "../../test/training-job.ts";
import { nothing } from "../decider.ts";
import { jobDecider } from "../job.ts";
import { penaltiesOf } from "../settlement/award-balance.ts";
import { periodOf } from "../time.ts";
import type { Correct, JobCommand } from "./commands.ts";

const tenant = `tenant:${account}`;
const center = `center:${xian}`;
const at = inSlot(500);
const charge = `${placementId(1)}:end:100-104`;

const line = (
  from: string,
  to: string,
  amount: number,
  kind: ChargeLine["kind"] = "compute",
): ChargeLine => ({
  kind,
  row: 3,
  from,
  to,
  mills: mills(amount),
});
const correct = (id: string, lines: readonly ChargeLine[], more: Partial<Correct> = {}): Correct => ({
  type: "Correct",
  id,
  charge,
  cause: "resolution",
  lines,
  at,
  ...more,
});
const lifeWith = (...history: readonly JobCommand[]) => jobAfter(...completedEarly, ...history);
const decided = (command: Correct, ...history: readonly JobCommand[]) =>
  jobDecider.decide(command, lifeWith(...history).state);
const refund = (amount: number) => line(center, tenant, amount);

describe("a correction by finance", () => {
  test("names the charge that it amends and is posted in the period that is open", () => {
    const found = BreakId.parse("b-1");
    const corrected: JobEvent = {
      type: "CorrectionPosted",
      data: {
        correction: "c-1",
        corrects: charge,
        cause: "resolution",
        job: awardOf(1).job,
        placement: placementId(1),
        stretch: 1,
        account,
        from: 100,
        to: 104,
        lines: [refund(1600)],
        tenantPays: mills(-1600),
        period: periodOf(500),
        break: found,
      },
    };
    expect(decided(correct("c-1", [refund(1600)], { break: found }))).toEqual({
      ok: true,
      events: [corrected],
    });
  });

  test("is posted once by its id, whatever it says", () => {
    const first = correct("c-1", [refund(100)]);
    expect(decided(first, first)).toEqual(nothing);
    expect(decided(correct("c-1", [refund(200)]), first)).toEqual(nothing);
    expect(decided(correct("c-2", [refund(100)]), first)).toMatchObject({ events: [{}] });
  });

  test("that was refused is not posted any more, and one that was posted is not refused", () => {
    const refuse: JobCommand = {
      ...{ type: "RefuseCorrection", id: "c-1", charge, break: BreakId.parse("b") },
      ...{ reason: "Nothing is left.", at },
    };
    const posts = correct("c-1", [refund(1)]);
    expect(lifeWith(refuse, posts).events.at(-1)).toMatchObject({
      ...{ type: "CorrectionRefused", data: { correction: "c-1", reason: "Nothing is left." } },
    });
    expect(lifeWith(posts, refuse).events.at(-1)).toMatchObject({ type: "CorrectionPosted" });
    expect(lifeWith(posts, refuse).state).toEqual(lifeWith(posts).state);
  });

  test("gives nothing back that was not paid, all corrections of the charge together", () => {
    expect(decided(correct("c-1", [refund(6400)]))).toMatchObject({ events: [{}] });
    expect(refusal(decided(correct("c-1", [refund(6401)])))).toBe("correction-beyond-charge");
    const most = decided(correct("c-2", [refund(2401)]), correct("c-1", [refund(4000)]));
    expect(most).toMatchObject({ rejection: { field: "/lines/0/mills" } });
    expect(refusal(decided(correct("c-1", [refund(4000), refund(2401)])))).toBe("correction-beyond-charge");
    expect(decided(correct("c-2", [refund(2400)]), correct("c-1", [refund(4000)]))).toMatchObject({
      ok: true,
    });
    expect(refusal(decided(correct("c-2", [refund(1)]), correct("c-1", [refund(6400)])))).toBe(
      "correction-beyond-charge",
    );
    // A credit of a kind that the charge did not have is no way round.
    expect(refusal(decided(correct("c-1", [line(center, tenant, 1, "transfer")])))).toBe(
      "correction-beyond-charge",
    );
  });

  test("gives nothing back that was credited as lost already", () => {
    const lost: JobCommand[] = [
      ...admitted(),
      place(awardOf(1), 20_000),
      acceptAt(1),
      start(1),
      { type: "Refuse", placement: placementId(1), center: xian, at: inSlot(103, 180) },
    ];
    // Three slots were paid and credited whole.
    const { state } = jobAfter(...lost);
    const command = correct("c-1", [refund(1)], { charge: `${placementId(1)}:end:100-103` });
    expect(refusal(jobDecider.decide(command, state))).toBe("correction-beyond-charge");
  });

  test("may charge more, and give that back", () => {
    const more = correct("c-1", [line(tenant, center, 500)]);
    expect(lifeWith(more).events.at(-1)).toMatchObject({ data: { tenantPays: "500" } });
    expect(decided(correct("c-2", [refund(6900)]), more)).toMatchObject({ ok: true });
    expect(refusal(decided(correct("c-2", [refund(6901)]), more))).toBe("correction-beyond-charge");
  });

  test("leaves the hold and what it still has to charge alone", () => {
    const before = lifeWith().state;
    const corrected = lifeWith(correct("c-1", [refund(1600)])).state;
    if (before.phase === "unknown" || corrected.phase === "unknown") throw new Error("never requested");
    const money = ({ paid, released, chargedTo, final }: (typeof before.balances)[number]) => [
      paid,
      released,
      chargedTo,
      final,
    ];
    expect(corrected.balances.map(money)).toEqual(before.balances.map(money));
  });

  test("takes penalties back, and adds none beyond what the award is worth", () => {
    const penalty = (amount: number) => correct(`p-${amount}`, [line(center, tenant, amount, "penalty")]);
    expect(decided(penalty(16_000))).toMatchObject({ ok: true });
    expect(refusal(decided(penalty(16_001)))).toBe("penalty-beyond-award");
    expect(refusal(decided(penalty(6001), penalty(10_000)))).toBe("penalty-beyond-award");
    const { state } = lifeWith(penalty(10_000), correct("u", [line(tenant, center, 9000, "penalty")]));
    if (state.phase === "unknown") throw new Error("never requested");
    expect(state.balances.map(penaltiesOf)).toEqual([1000n]);
    expect(
      decided(penalty(15_000), penalty(10_000), correct("u", [line(tenant, center, 9000, "penalty")])),
    ).toMatchObject({
      ok: true,
    });
  });

  const uncollectible = (lines: readonly ChargeLine[]) => correct("u", lines, { cause: "uncollectible" });
  const posted = (...history: readonly JobCommand[]) =>
    lifeWith(...history).events.flatMap((event) =>
      event.type === "CorrectionPosted" ? [event.data.lines.map((one) => one.mills)] : [],
    );

  test("takes back what a center could not pay as far as its recipient still has it", () => {
    const penalty = correct("p", [line(center, tenant, 1000, "penalty")]);
    const takes = uncollectible([line(tenant, center, 800, "penalty")]);
    const gives = (amount: number) => correct("g", [line(tenant, center, amount, "penalty")]);
    expect(posted(penalty, takes).at(-1)).toEqual(["800"]);
    expect(posted(penalty, gives(700), takes).at(-1)).toEqual(["300"]);
    expect(decided(takes, penalty, gives(1000))).toEqual(nothing);
  });

  test("takes no refund back that the tenant has paid again", () => {
    const takes = uncollectible([line(tenant, center, 500)]);
    const again = (amount: number) => correct("a", [line(tenant, center, amount)]);
    const refunded = correct("c-1", [refund(500)]);
    expect(posted(refunded, takes).at(-1)).toEqual(["500"]);
    expect(posted(refunded, again(300), takes).at(-1)).toEqual(["200"]);
    expect(decided(takes, refunded, again(500))).toEqual(nothing);
    expect(decided(takes)).toEqual(nothing);
  });

  test("takes the refund of a link back for the center that owns it", () => {
    const use = linkUse({ link: LinkId.parse("wuhan~xian"), charge: mills(50) });
    const linked = [...begun({}, awardOf(1, [fill()], { links: [use] })), ranWhole];
    const named = { charge: `${placementId(1)}:end:100-110` };
    const [link, owner] = ["link:wuhan~xian", `center:${wuhan}`];
    const given = correct("c-1", [line(link, tenant, 40, "link")], named);
    const takes: Correct = { ...uncollectible([line(tenant, owner, 45, "link")]), ...named };
    const { events, state } = jobAfter(...linked, given, takes);
    expect(events.at(-1)).toMatchObject({ data: { lines: [{ to: owner, mills: "40" }], tenantPays: "40" } });
    expect(jobDecider.decide({ ...takes, id: "u-2" }, state)).toEqual(nothing);
    // Finance has nothing to do with a center that ran no part of it.
    const resolves = correct("c-2", [line(tenant, owner, 1, "link")], named);
    expect(refusal(jobDecider.decide(resolves, state))).toBe("line-of-another");
  });

  const refused: [string, Correct, string][] = [
    [
      "of a charge that there is not",
      correct("c", [refund(1)], { charge: "train.1:end:1-2" }),
      "charge-unknown",
    ],
    ["without lines", correct("c", []), "lines-missing"],
    ["of nothing", correct("c", [refund(0)]), "correction-beyond-charge"],
    ["to a stranger", correct("c", [line(center, "tenant:clinic", 5)]), "line-of-another"],
    ["from a stranger", correct("c", [line("center:wuhan", tenant, 5)]), "line-of-another"],
    [
      "of a fee that its center would owe",
      correct("c", [line(center, tenant, 5, "releaseFee")]),
      "correction-beyond-charge",
    ],
  ];
  test.each(refused)("%s is refused", (_, command, code) => {
    expect(refusal(decided(command))).toBe(code);
  });
});
