import type { AccountId, BreakId, CenterId, DepositId, JobId, OfferId, Period } from "./values.ts";

/** Names of streams: `KIND-ID`. */
export const streams = {
  center: (id: CenterId) => `center-${id}`,
  capacity: (id: CenterId, period: Period) => `capacity-${id}-${period}`,
  offer: (id: OfferId) => `offer-${id}`,
  job: (id: JobId) => `job-${id}`,
  auction: (n: number) => `auction-${n}`,
  account: (id: AccountId, period: Period) => `account-${id}-${period}`,
  deposit: (id: DepositId) => `deposit-${id}`,
  period: (id: Period) => `period-${id}`,
  invoice: (id: AccountId, period: Period) => `invoice-${id}-${period}`,
  payout: (id: CenterId, period: Period) => `payout-${id}-${period}`,
  break: (id: BreakId) => `break-${id}`,
  fund: () => "fund-default",
} as const;

/** The kind of a stream, read off its name. */
export function streamKind(stream: string): string {
  return stream.slice(0, stream.indexOf("-"));
}
