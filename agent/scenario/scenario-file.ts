import { z } from "zod";
import { misfitsOf } from "./misfits.ts";

/** The file of a scenario (JSON): centers, links and tenants as they are, jobs as a trace plus workloads. */

const Id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);
const Price = z.int().min(0).max(10_000).describe("Fen per card-hour");
const Hour = z.int().min(0);
const Slots = z.int().min(1);
/** Both included, and a draw between them. */
const Range = z
  .strictObject({ low: z.int().min(1), high: z.int().min(1) })
  .refine(({ low, high }) => low <= high, { path: ["high"], error: "at least as much as low" });
/** A range that does not hold its end. */
const notEmpty = { path: ["to"], error: "later than from" };

export const Product = z.strictObject({
  product: Id,
  tflops: z.number().positive().describe("FP16, dense"),
  kw: z.number().positive().describe("Per card, with its share of the server"),
});
export type Product = z.infer<typeof Product>;

/** One step of what a center asks: it offers `cards` of a pool from the opening to the end of the horizon. */
export const OfferStep = z.strictObject({
  product: Id,
  cards: z.int().min(1),
  reserve: Price.describe("Fen per card-hour, energy not included"),
});

export const Center = z.strictObject({
  center: Id,
  name: z.string().min(1),
  owner: Id,
  region: Id.describe("Province"),
  homeRegions: z.array(Id).describe("Provinces that it serves beside its own"),
  pue: z.number().min(1).max(3).multipleOf(0.01),
  pools: z
    .array(z.strictObject({ product: Id, cards: z.int().min(1), frameworks: z.array(z.string()) }))
    .min(1),
  energy: z.array(z.int().min(0)).length(24).describe("Mills per kWh by hour of the market's day"),
  gridFactor: z.int().min(0).describe("gCO2 per kWh"),
  offers: z.array(OfferStep).min(1),
});
export type Center = z.infer<typeof Center>;

export const Link = z.strictObject({
  from: Id,
  to: Id,
  gbps: z.int().min(1),
  latencyMs: z.number().min(0).describe("One way"),
  perGB: z.int().min(0).describe("Mills per GB"),
});
export type Link = z.infer<typeof Link>;

export const Tenant = z.strictObject({
  tenant: Id.describe("Owner and account"),
  name: z.string().min(1),
  home: Id.describe("Center where its data lies"),
  cluster: z.string().optional().describe("Virtual cluster of the trace whose jobs are its own"),
  frameworks: z.array(z.string()).describe("What its jobs need"),
  products: z.array(Id).min(1).describe("What its jobs can run on, by preference"),
});
export type Tenant = z.infer<typeof Tenant>;

export const TraceUse = z.strictObject({
  file: z.string().describe("CSV, relative to the scenario's file"),
  days: z.int().min(1).describe("Days from marketDay on that the file covers"),
  cardsPerGpu: z.int().min(1).describe("Cards that one GPU of the trace stands for"),
  firstStretchMax: Slots.describe("Longest first bid in slots"),
  patienceSlots: Slots.describe("Slots beside its length in which a job may start"),
  maxSlots: Slots.describe("Longest time over all awards"),
  limit: Range.refine(({ high }) => high <= 10_000, {
    path: ["high"],
    error: "at most 10000, the price cap",
  }).describe("Private values in fen per card-hour: log-uniform, for the first product"),
  extendPercent: z.int().min(100).describe("What a continuation may cost, in percent of the limit"),
  dataGB: Range.describe("Log-uniform"),
});
export type TraceUse = z.infer<typeof TraceUse>;

const planned = {
  tenant: Id,
  name: z.string().min(1),
  limit: Price,
  dataGB: z.int().min(0),
};
const hourWindow = z
  .strictObject({ from: Hour, to: Hour })
  .refine(({ from, to }) => from < to, notEmpty)
  .describe("Hours of the day, [from, to)");

/** An all-or-nothing gang, forward, once a day. */
export const Gang = z.strictObject({
  ...planned,
  cards: z.int().min(1),
  hours: z.int().min(1),
  requestedAtHour: z.number().min(0),
  window: hourWindow,
  durationSeconds: z.int().min(1),
});
/** A gang that may span two centers over a reserved link, forward, once a day. */
export const SpanningGang = Gang.extend({
  regions: z.array(Id).min(1),
  split: z.strictObject({ chunk: z.int().min(1), bandwidthGbps: z.int().min(0), syncLatencyMs: z.number() }),
});
/** Jobs tied to one large data set, spot, spread evenly over some hours. */
export const DataBound = z.strictObject({
  ...planned,
  jobs: z.int().min(1),
  cards: z.int().min(1),
  slots: Slots,
  hours: hourWindow,
  seconds: Range,
});
/** Many small algorithms, each trained again every day, spot. */
export const Retraining = z.strictObject({
  ...planned,
  algorithms: z.int().min(1),
  cardsMax: z.int().min(1),
  hours: hourWindow,
  seconds: Range,
  ownServersFactor: z
    .number()
    .min(1)
    .describe("How many times longer one training takes on the tenant's own servers"),
});
/** A divisible inference fleet, forward, one bid per hour that follows the day. */
export const Fleet = z.strictObject({
  tenant: Id,
  name: z.string().min(1),
  limit: Price,
  peakCards: z.int().min(1),
  shape: z.array(z.number().min(0).max(1)).length(24).describe("Share of the peak by hour of the day"),
  leadHours: z.int().min(1),
  maxLatencyMs: z.number().positive(),
});

export const Workloads = z.strictObject({
  pangu: Gang.optional(),
  taichu: SpanningGang.optional(),
  luojianet: DataBound.optional(),
  btws: Retraining.optional(),
  inference: Fleet.optional(),
});
export type Workloads = z.infer<typeof Workloads>;

export const Failure = z
  .strictObject({
    center: Id,
    failsAt: z.int().min(0).describe("Seconds from the opening"),
    returnsAt: z.int().min(0),
  })
  .refine(({ failsAt, returnsAt }) => failsAt < returnsAt, {
    path: ["returnsAt"],
    error: "later than failsAt",
  });
export type Failure = z.infer<typeof Failure>;

/** Some cards of a center fail, and it goes on with the others. */
export const Shortage = z
  .strictObject({
    center: Id,
    cards: z.int().min(1),
    from: z.int().min(0).describe("Seconds from the opening"),
    to: z.int().min(0),
  })
  .refine(({ from, to }) => from < to, notEmpty);
export type Shortage = z.infer<typeof Shortage>;

const Parts = z.strictObject({
  name: z.string().min(1),
  marketDay: z.iso.date().describe("First settlement day, Asia/Shanghai; also the day of the trace"),
  horizonDays: z.int().min(1).describe("Days after the last one for which capacity is offered"),
  deposit: z
    .string()
    .regex(/^[1-9]\d{0,30}$/, "a whole number of mills above 0, as text")
    .describe("Mills that each tenant deposits at the opening"),
  products: z.array(Product).min(1),
  centers: z.array(Center).min(1),
  links: z.array(Link),
  tenants: z.array(Tenant).min(1),
  trace: TraceUse,
  workloads: Workloads,
  failures: z.array(Failure),
  shortages: z.array(Shortage),
});
export type ScenarioFile = z.infer<typeof Parts>;
/** Its parts, each as it should be, that fit each other. */
export const ScenarioFile = Parts.superRefine((file, { addIssue }) => {
  for (const { path, message } of misfitsOf(file)) addIssue({ code: "custom", path: [...path], message });
});
