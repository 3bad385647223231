import fc from "fast-check";
import type { JobSpec } from "../events/catalog/job.ts";
import type { Session } from "../events/catalog/values.ts";

/** What may happen in the slots of a random market; `market-lives.ts` lets it happen. */

export type Happening =
  | { readonly kind: "offer" | "request"; readonly what: Wish }
  | {
      readonly kind:
        | "withdraw"
        | "draw"
        | "reclaim"
        | "cancel"
        | "refuse"
        | "complete"
        | "fail"
        | "meter"
        | "lose"
        | "return"
        | "suspend"
        | "silence"
        | "sense"
        | "link";
      readonly pick: number;
    };

/** Numbers out of which an offer or a job is made. */
export interface Wish {
  readonly pool: number;
  readonly cards: number;
  readonly price: number;
  readonly from: number;
  readonly slots: number;
  readonly slack: number;
  readonly session: Session;
  readonly kind: JobSpec["kind"];
  readonly extendLimit: number | undefined;
  readonly more: number;
  readonly dataGB: number;
  readonly stage: number;
  readonly owner: number;
  readonly choosy: number;
  readonly group: "a" | "b" | undefined;
  /** Which of the jobs so far is its parent. */
  readonly parent: number | undefined;
  /** How much longer it takes on its second product. */
  readonly slower: number;
}

export interface SlotPlan {
  readonly happenings: readonly Happening[];
  /** Which streams reach the feed late, and in what order the others do. */
  readonly lag: number;
  /** Slots for which an auction of this slot waits for its seal. */
  readonly outage: number;
  /** Accounts hold nothing more in this slot. */
  readonly refuses: boolean;
}

const wish: fc.Arbitrary<Wish> = fc.record({
  pool: fc.nat(3),
  cards: fc.constantFrom(1, 2, 4, 4, 6, 8),
  price: fc.constantFrom(60, 110, 150, 220, 400, 10_000),
  from: fc.integer({ min: 0, max: 3 }),
  slots: fc.integer({ min: 1, max: 8 }),
  slack: fc.integer({ min: 0, max: 20 }),
  session: fc.constantFrom("spot", "spot", "forward"),
  kind: fc.constantFrom("block", "block", "split", "div", "service"),
  extendLimit: fc.constantFrom(undefined, undefined, 150, 300, 300, 10_000),
  more: fc.integer({ min: 0, max: 40 }),
  dataGB: fc.constantFrom(0, 0, 45, 90, 460),
  stage: fc.constantFrom(0, 0, 1, 2, 5),
  owner: fc.nat(9),
  choosy: fc.nat(7),
  group: fc.constantFrom(undefined, undefined, undefined, "a", "b"),
  parent: fc.oneof(fc.constant(undefined), fc.nat(99), fc.nat(99)),
  slower: fc.constantFrom(0, 0, 1, 3),
});

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("offer" as const), what: wish }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("request" as const), what: wish }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        ...([
          "withdraw",
          "draw",
          "draw",
          "reclaim",
          "reclaim",
          "cancel",
          "refuse",
          "complete",
          "complete",
          "fail",
          "meter",
        ] as const),
        ...(["lose", "return", "return", "return", "suspend", "silence", "sense", "sense", "link"] as const),
      ),
      pick: fc.nat(99),
    }),
  },
);

// Only slots and happenings are left out when a failure is shrunk: each try lives a whole history.
const slotPlan: fc.Arbitrary<SlotPlan> = fc.record({
  happenings: fc.array(fc.noShrink(happening), { maxLength: 5 }),
  lag: fc.noShrink(fc.nat(9)),
  outage: fc.noShrink(fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 6)),
  refuses: fc.noShrink(fc.constantFrom(false, false, false, false, false, true)),
});

/** What becomes of one is a history: `live`. */
export const plans: fc.Arbitrary<SlotPlan[]> = fc.array(slotPlan, { minLength: 8, maxLength: 26 });
