import { depositFunds, getAccount, listEntries, listHolds, openAccount, setTaxRate } from "./accounts.ts";
import { assignBreak, getBreak, listBreaks, resolveBreak } from "./breaks.ts";
import {
  declareLinks,
  getCenter,
  joinNetwork,
  listAssignments,
  postGuarantee,
  reduceGuarantee,
  renewLease,
  reportCapacity,
} from "./centers.ts";
import { contributeToDefaultFund, getDefaultFund } from "./default-fund.ts";
import { readFeed } from "./finance.ts";
import { cancelJob, explainJob, getJob, listJobs, postJob } from "./jobs.ts";
import { getLedger, listLedgerEntries } from "./ledger.ts";
import {
  getAuction,
  getCurves,
  listAuctions,
  listCenters,
  listPrices,
  listProducts,
  listPublishedOffers,
} from "./market.ts";
import { drawReserve, getOffer, listOffers, postOffer, reclaimOffer, withdrawOffer } from "./offers.ts";
import type { Operation } from "./operation.ts";
import { closePeriod, getPeriod, listPeriods } from "./periods.ts";
import {
  acceptPlacement,
  finishPlacement,
  meterPlacement,
  refusePlacement,
  startPlacement,
} from "./placements.ts";
import { getFeedHead, proveCharge } from "./proofs.ts";
import { postQuote } from "./quotes.ts";
import { getHealth, getOpenApi } from "./service.ts";
import { getInvoice, getPayout, listInvoices, listPayouts, payPayout } from "./statements.ts";

/** Every operation of the API, by its id. */
export const operations = {
  postOffer,
  listOffers,
  getOffer,
  drawReserve,
  withdrawOffer,
  reclaimOffer,
  postJob,
  listJobs,
  getJob,
  cancelJob,
  explainJob,
  postQuote,
  listProducts,
  listCenters,
  listPublishedOffers,
  listPrices,
  listAuctions,
  getAuction,
  getCurves,
  joinNetwork,
  getCenter,
  declareLinks,
  reportCapacity,
  postGuarantee,
  reduceGuarantee,
  renewLease,
  listAssignments,
  acceptPlacement,
  refusePlacement,
  startPlacement,
  meterPlacement,
  finishPlacement,
  openAccount,
  getAccount,
  depositFunds,
  setTaxRate,
  listEntries,
  listHolds,
  readFeed,
  listPeriods,
  getPeriod,
  listBreaks,
  getBreak,
  assignBreak,
  resolveBreak,
  getFeedHead,
  proveCharge,
  getDefaultFund,
  contributeToDefaultFund,
  closePeriod,
  getLedger,
  listLedgerEntries,
  listInvoices,
  getInvoice,
  listPayouts,
  getPayout,
  payPayout,
  getOpenApi,
  getHealth,
} as const satisfies Readonly<Record<string, Operation>>;

export type OperationId = keyof typeof operations;
