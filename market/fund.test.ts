import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FundEvent } from "../events/catalog/fund.ts";
import { CenterId, DepositId, PayoutId } from "../events/catalog/values.ts";
import { carryOut, given, refusal } from "../test/given-when-then.ts";
import { accept, nothing } from "./decider.ts";
import { type FundCommand, fundDecider } from "./fund.ts";
import { mills, millsText } from "./money.ts";

const center = CenterId.parse("xian");
const contribute = (amount: bigint, id = "c1"): FundCommand => ({
  type: "Contribute",
  contribution: DepositId.parse(id),
  mills: millsText(amount),
});
const contributed = (amount: bigint, id = "c1"): FundEvent => ({
  type: "DefaultFundContributed",
  data: { contribution: DepositId.parse(id), mills: millsText(amount) },
});
const draw = (amount: bigint, id = "p1"): FundCommand => ({
  type: "Draw",
  payout: PayoutId.parse(id),
  center,
  mills: millsText(amount),
});
const drawn = (amount: bigint, left: bigint, id = "p1"): FundEvent => ({
  type: "DefaultFundDrawn",
  data: { payout: PayoutId.parse(id), center, mills: millsText(amount), left: millsText(left) },
});

describe("the default fund", () => {
  test("takes a contribution once, of more than nothing", () => {
    expect(given(fundDecider).when(contribute(70n))).toEqual(accept(contributed(70n)));
    expect(given(fundDecider, contributed(70n)).when(contribute(70n))).toEqual(nothing);
    expect(refusal(given(fundDecider).when(contribute(0n)))).toBe("amount-not-positive");
  });

  test("bears what a payout asks of it once, and no more than it has", () => {
    expect(given(fundDecider, contributed(70n)).when(draw(60n))).toEqual(accept(drawn(60n, 10n)));
    const after = given(fundDecider, contributed(70n), drawn(60n, 10n));
    expect(after.when(draw(60n))).toEqual(nothing);
    expect(refusal(after.when(draw(11n, "p2")))).toBe("fund-too-low");
    expect(after.when(draw(10n, "p2"))).toEqual(accept(drawn(10n, 0n, "p2")));
  });

  test("has what came in less what it bore, and never less than nothing", () => {
    const amount = fc.bigInt({ min: 0n, max: 300n });
    const id = fc.constantFrom("a", "b", "c", "d");
    const command = fc.oneof(
      fc.tuple(amount, id).map(([of, which]) => contribute(of, which)),
      fc.tuple(amount, id).map(([of, which]) => draw(of, which)),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 20 }), (commands) => {
        const { state, events } = carryOut(fundDecider, commands, (now) => {
          expect(now.left >= 0n).toBe(true);
        });
        const sum = events.reduce(
          (all, { type, data }) =>
            type === "DefaultFundContributed" ? all + mills(data.mills) : all - mills(data.mills),
          0n,
        );
        expect(state.left).toBe(sum);
        const last = events.at(-1);
        if (last?.type === "DefaultFundDrawn") expect(last.data.left).toBe(String(state.left));
      }),
    );
  });
});
