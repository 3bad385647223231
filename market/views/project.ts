import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { streamKind } from "../../events/catalog/streams.ts";
import { BreakId, JobId, OfferId } from "../../events/catalog/values.ts";
import { projectAccount } from "./accounts.ts";
import { projectAuction } from "./auctions.ts";
import { BreakView, projectBreak } from "./breaks.ts";
import { projectCenter } from "./centers.ts";
import { JobView, projectJob } from "./jobs.ts";
import { OfferView, projectOffer } from "./offers.ts";
import { projectPeriod } from "./periods.ts";
import { projectCorrection, projectInvoice, projectPayout } from "./statements.ts";
import { type At, type ViewEffect, type ViewKey, viewKeys } from "./view.ts";

/** The item of a stream itself, which its next events are projected upon; undefined for streams that have none. */
export function ownKey(stream: string): ViewKey | undefined {
  const id = stream.slice(stream.indexOf("-") + 1);
  switch (streamKind(stream)) {
    case "job":
      return viewKeys.job(JobId.parse(id));
    case "offer":
      return viewKeys.offer(OfferId.parse(id));
    case "break":
      return viewKeys.break(BreakId.parse(id));
    default:
      return undefined;
  }
}

/** What one event changes in the lists. @param before data of the stream's own item as the events before it left it. */
export function projectEvent(event: DomainEvent, at: At, before: unknown): readonly ViewEffect[] {
  switch (event.type) {
    case "CenterJoined":
    case "LinksDeclared":
    case "GuaranteePosted":
    case "GuaranteeReductionRequested":
    case "GuaranteeDrawn":
    case "CenterSuspended":
    case "CenterReinstated":
    case "CenterLost":
    case "CenterReturned":
      return projectCenter(event, at.version);
    case "CapacityOffered":
    case "ReserveDrawn":
    case "CapacityReclaimed":
    case "OfferWithdrawn":
    case "OfferExpired":
      return projectOffer(event, at, parsed(OfferView, before));
    case "JobRequested":
    case "JobAdmitted":
    case "JobRejected":
    case "JobPlaced":
    case "JobAccepted":
    case "JobStarted":
    case "JobMetered":
    case "JobContinued":
    case "JobBridged":
    case "JobRunFailed":
    case "JobReduced":
    case "JobReclaimed":
    case "JobCompleted":
    case "JobFailed":
    case "JobDisplaced":
    case "JobCancelled":
    case "JobExpired":
    case "ChargePosted":
      return projectJob(event, at, parsed(JobView, before));
    case "CorrectionPosted":
      return projectCorrection(event, at);
    case "GateClosed":
    case "AuctionSolved":
    case "AwardsPublished":
    case "AuctionCleared":
    case "AuctionVoided":
      return projectAuction(event);
    case "AccountOpened":
    case "FundsDeposited":
    case "FundsHeld":
    case "HoldRefused":
    case "HoldSettled":
    case "HoldReleased":
    case "FundsAdjusted":
    case "TaxRateSet":
    case "AccountCarried":
      return projectAccount(event);
    case "PeriodOpened":
    case "PeriodCutOff":
    case "PeriodTotalsStated":
    case "PeriodClosed":
      return projectPeriod(event);
    case "BreakFound":
    case "BreakAssigned":
    case "BreakResolved":
    case "BreakReopened":
      return projectBreak(event, at, parsed(BreakView, before));
    case "InvoiceIssued":
      return projectInvoice(event);
    case "PayoutStated":
    case "PayoutPaid":
      return projectPayout(event);
    // Sensed capacity, deposits and refusals are read from their own streams.
    case "CorrectionRefused":
    case "CapacitySensed":
    case "DepositReceived":
    case "DefaultFundContributed":
    case "DefaultFundDrawn":
      return [];
    default:
      return event satisfies never;
  }
}

function parsed<Data>(schema: { parse(data: unknown): Data }, data: unknown): Data | undefined {
  return data === undefined ? undefined : schema.parse(data);
}
