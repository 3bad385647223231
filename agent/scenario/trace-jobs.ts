import { draw, drawLogUniform } from "./draw.ts";
import { estimateSeconds, type History, historyOf } from "./estimates.ts";
import type { Product, ScenarioFile, Tenant } from "./scenario-file.ts";
import { DAY_SECONDS, type ScenarioJob, SLOT_SECONDS } from "./scenario-job.ts";
import { finishOf, replayed, type TraceJob, traceMidnight } from "./trace.ts";

/** The same value per FLOP on any product: limits in proportion to TFLOPS, the first product's drawn. */
export function limitsByProduct(
  tenant: Tenant,
  products: readonly Product[],
  first: number,
): { product: string; limit: number }[] {
  const tflops = new Map(products.map((each) => [each.product, each.tflops]));
  const base = tflops.get(tenant.products[0] ?? "") ?? 1;
  return tenant.products.map((product) => ({
    product,
    limit: Math.min(10_000, Math.round((first * (tflops.get(product) ?? base)) / base)),
  }));
}

type Opening = Readonly<{ file: ScenarioFile; history: History; start: number }>;

function scenarioJob(opening: Opening, tenant: Tenant, job: TraceJob): ScenarioJob {
  const { trace, products } = opening.file;
  const arrival = Math.max(0, job.submit - opening.start);
  const estimate = estimateSeconds(opening.history, job.cluster, opening.start + arrival);
  // Nothing has shown its length yet: as long as a first bid may be.
  const estimateSlots =
    estimate === undefined ? trace.firstStretchMax : Math.max(1, Math.ceil(estimate / SLOT_SECONDS));
  const slots = Math.min(estimateSlots, trace.firstStretchMax);
  const from = Math.floor(arrival / SLOT_SECONDS) + 1;
  const limit = drawLogUniform(trace.limit.low, trace.limit.high, job.key, "limit");
  return {
    key: job.key,
    tenant: tenant.tenant,
    workload: "trace",
    arrival,
    opening: job.submit < opening.start,
    estimateSlots,
    durationSeconds: Math.max(1, Math.round(finishOf(job) - Math.max(job.submit, opening.start))),
    bid: {
      name: job.key,
      session: "spot",
      kind: "block",
      products: limitsByProduct(tenant, products, limit),
      cards: job.gpus * trace.cardsPerGpu,
      slots,
      window: { from, to: from + slots + trace.patienceSlots },
      home: tenant.home,
      dataGB: drawLogUniform(trace.dataGB.low, trace.dataGB.high, job.key, "data"),
      frameworks: tenant.frameworks,
      extendLimit: Math.min(10_000, Math.round((limit * trace.extendPercent) / 100)),
      maxSlots: trace.maxSlots,
    },
  };
}

/**
 * The trace's jobs of `days` days, by arrival: those running at the opening arrive at 0 with what remains of them.
 * Throws if the trace does not cover the days or a virtual cluster has no tenant.
 */
export function traceJobs(file: ScenarioFile, trace: readonly TraceJob[], days: number): ScenarioJob[] {
  if (days > file.trace.days) {
    throw new Error(
      `/trace/days: the trace covers ${file.trace.days} days from ${file.marketDay}, not ${days}: give fewer --days`,
    );
  }
  const start = traceMidnight(file.marketDay);
  const opening = { file, history: historyOf(trace), start };
  const tenants = new Map(file.tenants.map((tenant) => [tenant.cluster, tenant]));
  return replayed(trace, start, start + days * DAY_SECONDS).map((job) => {
    const tenant = tenants.get(job.cluster);
    if (tenant === undefined)
      throw new Error(
        `virtual cluster ${job.cluster} of the trace has no tenant: name it as the /tenants/N/cluster of one`,
      );
    return scenarioJob(opening, tenant, job);
  });
}

/** A deterministic subset of about equal shares: the `count` jobs that a hash of their keys puts first, in order. */
export function sampled(jobs: readonly ScenarioJob[], count: number): ScenarioJob[] {
  const ranked = jobs
    .map((job) => ({ key: job.key, rank: draw(job.key, "sample") }))
    .sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1));
  const kept = new Set(ranked.slice(0, Math.max(0, count)).map((each) => each.key));
  return jobs.filter((job) => kept.has(job.key));
}
