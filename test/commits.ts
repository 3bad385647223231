import type { Commit } from "../events/catalog/envelope.ts";

/** A commit as the store's tests append it: withdrawals of an offer, one per event, told apart by commandId. */
export function offerCommit(
  stream: string,
  version: number,
  events = 1,
  commandId = `${stream}@${version}`,
): Commit {
  return {
    stream,
    version,
    commandId,
    time: "2026-01-05T00:00:00.000Z",
    actor: "center:owner-1",
    causationId: "request-1",
    correlationId: "request-1",
    events: Array.from({ length: events }, () => ({
      type: "OfferWithdrawn",
      v: 1,
      data: { offer: stream.slice("offer-".length) },
    })),
  };
}
