import { describe, expect, test } from "vitest";
import type { DepositEvent } from "../events/catalog/account.ts";
import { AccountId, DepositId, MillsText, OwnerId, Period } from "../events/catalog/values.ts";
import { carryOut, given } from "../test/given-when-then.ts";
import { accept, nothing } from "./decider.ts";
import { type DepositCommand, depositDecider } from "./deposit.ts";

const data = {
  deposit: DepositId.parse("d1"),
  account: AccountId.parse("lab"),
  owner: OwnerId.parse("university"),
  mills: MillsText.parse("500000"),
  period: Period.parse("2026-01-05"),
};
const receive: DepositCommand = { type: "Receive", ...data };
const received: DepositEvent = { type: "DepositReceived", data };

describe("a deposit", () => {
  test("is received once, in the period of its first receipt", () => {
    expect(given(depositDecider).when(receive)).toEqual(accept(received));
    const later: DepositCommand = { ...receive, period: Period.parse("2026-01-06") };
    expect(given(depositDecider, received).when(later)).toEqual(nothing);
  });

  test.each(["0", "-1"])("of %s mills is refused", (mills) => {
    expect(given(depositDecider).when({ ...receive, mills: MillsText.parse(mills) })).toMatchObject({
      rejection: { code: "deposit-not-positive", field: "/mills" },
    });
  });

  test("is of the catalog, and its repeats add nothing", () => {
    expect(carryOut(depositDecider, [receive, receive]).events).toEqual([received]);
  });
});
