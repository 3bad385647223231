import type { z } from "zod";
import { drawWhole } from "./draw.ts";
import type {
  DataBound,
  Fleet,
  Gang,
  Retraining,
  ScenarioFile,
  SpanningGang,
  Tenant,
} from "./scenario-file.ts";
import { type ScenarioJob, SLOT_SECONDS, SLOTS_PER_DAY, SLOTS_PER_HOUR } from "./scenario-job.ts";
import { limitsByProduct } from "./trace-jobs.ts";

const HOUR = 3600;

/** What all the workloads of one day need. */
type Day = Readonly<{ file: ScenarioFile; day: number }>;

function tenantOf(file: ScenarioFile, id: string): Tenant {
  const tenant = file.tenants.find((each) => each.tenant === id);
  if (tenant === undefined)
    throw new Error(`a workload names the tenant ${id}, which the scenario does not have`);
  return tenant;
}

function common(file: ScenarioFile, tenant: Tenant, limit: number) {
  return {
    products: limitsByProduct(tenant, file.products, limit),
    home: tenant.home,
    frameworks: tenant.frameworks,
  };
}

/** Opening-based slots of a window in hours of the given day. */
function windowOf(day: number, hours: { from: number; to: number }) {
  return {
    from: day * SLOTS_PER_DAY + hours.from * SLOTS_PER_HOUR,
    to: day * SLOTS_PER_DAY + hours.to * SLOTS_PER_HOUR,
  };
}

function gangJob(
  { file, day }: Day,
  workload: "pangu" | "taichu",
  gang: z.infer<typeof Gang> | z.infer<typeof SpanningGang>,
): ScenarioJob {
  const slots = gang.hours * SLOTS_PER_HOUR;
  return {
    key: `${workload}-${day + 1}`,
    tenant: gang.tenant,
    workload,
    arrival: Math.round((day * 24 + gang.requestedAtHour) * HOUR),
    opening: false,
    estimateSlots: slots,
    durationSeconds: gang.durationSeconds,
    bid: {
      ...common(file, tenantOf(file, gang.tenant), gang.limit),
      name: gang.name,
      session: "forward",
      kind: "split" in gang ? "split" : "block",
      cards: gang.cards,
      slots,
      window: windowOf(day, gang.window),
      dataGB: gang.dataGB,
      extendLimit: gang.limit,
      maxSlots: slots + SLOTS_PER_DAY,
      ...("split" in gang ? { split: gang.split, regions: gang.regions } : {}),
    },
  };
}

/** Arrival of the n-th of `count` jobs spread evenly over some hours of a day, in seconds from the opening. */
function spread(day: number, hours: { from: number; to: number }, n: number, count: number): number {
  return Math.floor((day * 24 + hours.from + ((hours.to - hours.from) * n) / count) * HOUR);
}

function dataBoundJobs({ file, day }: Day, use: z.infer<typeof DataBound>): ScenarioJob[] {
  const tenant = tenantOf(file, use.tenant);
  return Array.from({ length: use.jobs }, (_, n) => {
    const key = `luojianet-${day + 1}-${n + 1}`;
    const arrival = spread(day, use.hours, n, use.jobs);
    const from = Math.floor(arrival / SLOT_SECONDS) + 1;
    return {
      key,
      tenant: use.tenant,
      workload: "luojianet",
      arrival,
      opening: false,
      estimateSlots: use.slots,
      durationSeconds: drawWhole(use.seconds.low, use.seconds.high, key, "seconds"),
      bid: {
        ...common(file, tenant, use.limit),
        name: `${use.name} ${n + 1}`,
        session: "spot",
        kind: "block",
        cards: use.cards,
        slots: use.slots,
        window: { from, to: from + use.slots + file.trace.patienceSlots },
        dataGB: use.dataGB,
        extendLimit: use.limit,
        maxSlots: use.slots * 4,
      },
    };
  });
}

function retrainingJobs({ file, day }: Day, use: z.infer<typeof Retraining>): ScenarioJob[] {
  const tenant = tenantOf(file, use.tenant);
  return Array.from({ length: use.algorithms }, (_, n) => {
    const algorithm = `btws-algorithm-${n + 1}`;
    const key = `btws-${day + 1}-${n + 1}`;
    const arrival = spread(day, use.hours, n, use.algorithms);
    const from = Math.floor(arrival / SLOT_SECONDS) + 1;
    // One algorithm takes the same cards and time on every day.
    const seconds = drawWhole(use.seconds.low, use.seconds.high, algorithm, "seconds");
    const slots = Math.ceil(seconds / SLOT_SECONDS);
    return {
      key,
      tenant: use.tenant,
      workload: "btws",
      arrival,
      opening: false,
      estimateSlots: slots,
      durationSeconds: seconds,
      bid: {
        ...common(file, tenant, use.limit),
        name: `${use.name} ${n + 1}`,
        session: "spot",
        kind: "block",
        cards: drawWhole(1, use.cardsMax, algorithm, "cards"),
        slots,
        window: { from, to: from + slots + file.trace.patienceSlots },
        dataGB: use.dataGB,
        extendLimit: use.limit,
        maxSlots: slots * 4,
      },
      iteration: { algorithm: n + 1, ownServersSeconds: Math.round(seconds * use.ownServersFactor) },
    };
  });
}

function fleetJobs({ file, day }: Day, use: z.infer<typeof Fleet>): ScenarioJob[] {
  const tenant = tenantOf(file, use.tenant);
  return use.shape.flatMap((share, hour) => {
    const at = day * 24 + hour;
    const cards = Math.round(use.peakCards * share);
    // The first forward gate after the opening sells the hours from 01:00 on.
    if (at === 0 || cards === 0) return [];
    return [
      {
        key: `inference-${day + 1}-${String(hour).padStart(2, "0")}`,
        tenant: use.tenant,
        workload: "inference" as const,
        arrival: Math.max(0, at - use.leadHours) * HOUR,
        opening: false,
        estimateSlots: SLOTS_PER_HOUR,
        durationSeconds: HOUR,
        bid: {
          ...common(file, tenant, use.limit),
          name: `${use.name} ${String(hour).padStart(2, "0")}:00`,
          session: "forward" as const,
          kind: "div" as const,
          cards,
          slots: SLOTS_PER_HOUR,
          window: windowOf(day, { from: hour, to: hour + 1 }),
          dataGB: 0,
          maxLatencyMs: use.maxLatencyMs,
          maxSlots: SLOTS_PER_HOUR,
        },
      },
    ];
  });
}

/** The named workloads' jobs of `days` days. */
export function workloadJobs(file: ScenarioFile, days: number): ScenarioJob[] {
  const { pangu, taichu, luojianet, btws, inference } = file.workloads;
  return Array.from({ length: days }, (_, day) => ({ file, day })).flatMap((day) => [
    ...(pangu === undefined ? [] : [gangJob(day, "pangu", pangu)]),
    ...(taichu === undefined ? [] : [gangJob(day, "taichu", taichu)]),
    ...(luojianet === undefined ? [] : dataBoundJobs(day, luojianet)),
    ...(btws === undefined ? [] : retrainingJobs(day, btws)),
    ...(inference === undefined ? [] : fleetJobs(day, inference)),
  ]);
}
