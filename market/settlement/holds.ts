import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { AccountId, JobId } from "../../events/catalog/values.ts";
import { mills } from "../money.ts";

/**
 * What became of the funds held for one stretch of a job, in mills: `held` is pending until it is posted (paid by
 * charges; what a penalty paid in counts against that), released with a charge, released whole or expired.
 */
export interface HoldLife {
  readonly account: AccountId;
  readonly job: JobId;
  readonly stretch: number;
  readonly held: bigint;
  readonly posted: bigint;
  readonly released: bigint;
  readonly expired: bigint;
}

/** By `ACCOUNT/JOB/STRETCH`. */
export type Holds = ReadonlyMap<string, HoldLife>;

export const noHolds: Holds = new Map();

/** Still held. */
export function pendingOf({ held, posted, released, expired }: HoldLife): bigint {
  return held - posted - released - expired;
}

export type HoldStatus = "pending" | "posted" | "released" | "expired";

/** What a hold came to: pending as long as anything is held; posted where charges took of it. */
export function statusOf(hold: HoldLife): HoldStatus {
  if (pendingOf(hold) !== 0n) return "pending";
  if (hold.posted !== 0n) return "posted";
  return hold.expired > 0n ? "expired" : "released";
}

/** The holds after some more events; in which order they come changes nothing. */
export function withHoldEvents(holds: Holds, events: Iterable<DomainEvent>): Holds {
  const next = new Map(holds);
  for (const event of events) {
    const change = changeOf(event);
    if (change !== undefined) add(next, change);
  }
  return next;
}

function add(holds: Map<string, HoldLife>, more: HoldLife): void {
  const key = `${more.account}/${more.job}/${more.stretch}`;
  const before = holds.get(key);
  holds.set(
    key,
    before === undefined
      ? more
      : {
          ...before,
          held: before.held + more.held,
          posted: before.posted + more.posted,
          released: before.released + more.released,
          expired: before.expired + more.expired,
        },
  );
}

function changeOf(event: DomainEvent): HoldLife | undefined {
  switch (event.type) {
    case "FundsHeld":
      return { ...lifeOf(event.data), held: mills(event.data.mills) };
    case "HoldSettled": {
      const { paid, released } = event.data;
      return { ...lifeOf(event.data), posted: mills(paid), released: mills(released) };
    }
    case "HoldReleased": {
      const amount = mills(event.data.mills);
      const expired = event.data.cause === "expired";
      return { ...lifeOf(event.data), ...(expired ? { expired: amount } : { released: amount }) };
    }
    default:
      return undefined;
  }
}

function lifeOf({ account, job, stretch }: Pick<HoldLife, "account" | "job" | "stretch">): HoldLife {
  return { account, job, stretch, held: 0n, posted: 0n, released: 0n, expired: 0n };
}
