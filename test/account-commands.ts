import fc from "fast-check";
import { DepositId, JobId } from "../events/catalog/values.ts";
import type { AccountCommand } from "../market/account.ts";
import { millsText } from "../market/money.ts";

const job = fc.constantFrom("a", "b", "c").map((id) => JobId.parse(id));
const stretch = fc.integer({ min: 1, max: 2 });
const money = (min: number) => fc.integer({ min, max: 300 }).map((value) => millsText(BigInt(value)));

/** What may come to an account that is open, of few jobs, deposits and charges, so that they meet and repeat. */
export const accountCommand: fc.Arbitrary<AccountCommand> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("Deposit" as const),
      deposit: fc.constantFrom("d1", "d2", "d3", "d4").map((id) => DepositId.parse(id)),
      mills: money(1),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant("Hold" as const), job, stretch, mills: money(0) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("Settle" as const),
      job,
      stretch,
      charge: fc.constantFrom("c1", "c2", "c3", "c4", "c5", "c6"),
      paid: money(-100),
      released: money(0),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record(
      { type: fc.constant("Release" as const), job, stretch, cause: fc.constant("expired" as const) },
      { requiredKeys: ["type", "job", "stretch"] },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("Adjust" as const),
      adjustment: fc.constantFrom("a1", "a2", "a3"),
      cause: fc.constantFrom("rounding" as const, "correction" as const),
      mills: money(-200),
    }),
  },
);
