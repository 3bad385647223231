import { type AwardFate, worth } from "./leases.ts";
import { type FactOf, factsOf, type RawEvent } from "./raw-events.ts";

// Fees on what tenants gave back: what of it was sold again takes the book to know, but between these bounds it lies.

const feePercent = { spot: 10n, forward: 30n };

/** What an award was charged for what its tenant gave back. */
export interface ChargedRelease {
  fees: bigint;
  /** Slots of its charges. */
  from: number;
  to: number;
  charges: number;
  /** Day in which its end was charged, while the largest fee that is left stays held. */
  waits?: string;
}

export function noRelease(): ChargedRelease {
  return { fees: 0n, from: Number.POSITIVE_INFINITY, to: 0, charges: 0 };
}

export function followRelease(
  release: ChargedRelease,
  { from, to, lines, final, period }: FactOf<"ChargePosted">,
  kind: string | undefined,
): void {
  for (const line of lines) if (line.kind === "releaseFee") release.fees += line.mills;
  if (kind === "end" && !final) release.waits = period;
  if (final) delete release.waits;
  if (kind !== "release") return;
  release.from = Math.min(release.from, from);
  release.to = Math.max(release.to, to);
  release.charges += 1;
}

/** Pages of the feed that spot auctions had seen when their gates closed, by the slot that was on sale for the last time. */
export type LastGates = ReadonlyMap<number, number>;

export function spotGates(events: readonly RawEvent[]): LastGates {
  return new Map(
    factsOf(events, "GateClosed").flatMap(({ session, gate, position }) =>
      session === "spot" ? [[gate + 1, position] as const] : [],
    ),
  );
}

/**
 * A slot whose last gate never closed costs no fee; one whose last gate had not seen that its cards were given back costs
 * the whole of it; any other at most that. By the close of the day after its last all of it is charged.
 * @param cut first slot that was not delivered
 */
export function releaseFaults(
  fate: AwardFate,
  release: ChargedRelease,
  cut: number,
  gates: LastGates,
  closed: readonly string[],
): string[] {
  const { award, endedOn = 0 } = fate;
  const slots = Array.from(
    { length: Math.max(0, release.to - Math.max(release.from, cut)) },
    (_, n) => Math.max(release.from, cut) + n,
  );
  const rate = feePercent[award.session];
  const feeOn = (due: (seen: number) => boolean) => {
    const own = slots.filter((slot) => due(gates.get(slot) ?? Number.POSITIVE_INFINITY));
    return (own.reduce((sum, slot) => sum + worth(fate, slot, slot + 1), 0n) * rate) / 100n;
  };
  const most = feeOn(Number.isFinite);
  // Each charge rounds down once a center.
  const lines = BigInt(release.charges * new Set(award.fills.map(({ center }) => center)).size);
  const least = feeOn((seen) => seen < endedOn) - lines;
  const { fees, waits } = release;
  const { placement } = award;
  return [
    ...(fees > most ? [`award ${placement} pays ${fees} mills of fees, at most ${most} are due`] : []),
    ...(fees < least ? [`award ${placement} pays ${fees} mills of fees, at least ${least} are due`] : []),
    ...(closed.some((day) => waits !== undefined && waits < day && award.to <= firstSlot(day))
      ? [`award ${placement} was given back in ${waits}, and its fee is not charged`]
      : []),
  ];
}

/** Days begin at midnight in Shanghai; slots count from the Unix epoch. */
function firstSlot(day: string): number {
  return Date.parse(`${day}T00:00:00+08:00`) / 360_000;
}
