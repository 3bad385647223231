import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Center, ScenarioFile, Tenant, Workloads } from "../scenario-file.ts";
import {
  CARDS_PER_GPU,
  CENTERS,
  type CenterAssumption,
  CLUSTER_HOMES,
  MARKET_DAY,
  OFFER_STEPS,
  PRODUCTS,
  TRACE_DAYS,
} from "./assumptions.ts";
import { energyByHour, levelsOf } from "./levels.ts";
import { FILES } from "./select.ts";
import { rowsOf } from "./tables.ts";
import { linksBetween, parseLines } from "./topology.ts";

type Data = Readonly<Record<Exclude<keyof typeof FILES, "trace">, string>>;

function readData(folder: string): Data {
  const text = (file: string) => readFileSync(join(folder, file), "utf8");
  return {
    topology: text(FILES.topology),
    power: text(FILES.power),
    marketplace: text(FILES.marketplace),
    onDemand: text(FILES.onDemand),
    pue: text(FILES.pue),
    grid: text(FILES.grid),
  };
}

/** Reserve steps of a pool: shares of its cards, rounded down, the last step taking the rest. */
function offersOf(data: Data, center: CenterAssumption): Center["offers"] {
  return center.pools.flatMap(({ product, cards }) => {
    const level = levelsOf(data.marketplace, data.onDemand, product).marketplace;
    let left = cards;
    return OFFER_STEPS.map((step, n) => {
      const share = n === OFFER_STEPS.length - 1 ? left : Math.floor((cards * step.cardsPercent) / 100);
      left -= share;
      return {
        product,
        cards: share,
        reserve: Math.round((level * step.reservePercent * center.reservePercent) / 10_000),
      };
    });
  });
}

function numberAt(csv: string, column: string, value: string, wanted: string): number {
  const found = Number(rowsOf(csv).find((row) => row[column] === value)?.[wanted]);
  if (!Number.isFinite(found)) throw new Error(`no ${wanted} for ${value}`);
  return found;
}

function centerOf(data: Data, center: CenterAssumption): Center {
  return {
    center: center.center,
    name: center.name,
    owner: center.owner,
    region: center.region,
    homeRegions: [...center.homeRegions],
    pue: numberAt(data.pue, "site", center.pueSite, "pue"),
    pools: center.pools.map((pool) => ({ ...pool, frameworks: [...pool.frameworks] })),
    energy: energyByHour(data.power, center.priceZone, center.powerMills),
    gridFactor: Math.round(numberAt(data.grid, "province", center.province, "factor2022") * 1000),
    offers: offersOf(data, center),
  };
}

const mindspore = { frameworks: ["mindspore"], products: ["ascend910"] };

function tenants(): Tenant[] {
  const clusters = CLUSTER_HOMES.map(({ cluster, home, pytorch }) => ({
    tenant: `vc-${cluster}`,
    name: `Virtual cluster ${cluster} of the Philly trace`,
    home,
    cluster,
    ...(pytorch ? { frameworks: ["pytorch"], products: ["ascend910", "a100-80g"] } : mindspore),
  }));
  return [
    ...clusters,
    { tenant: "pangu", name: "PengCheng Pangu", home: "shenzhen", ...mindspore },
    { tenant: "taichu", name: "Zidong Taichu", home: "beijing", ...mindspore },
    { tenant: "luojianet", name: "Wuhan LuojiaNet", home: "wuhan", ...mindspore },
    { tenant: "btws", name: "BTWS video analytics", home: "wuhan", ...mindspore },
  ];
}

/** Limits are shares of the hyperscaler's price level: what the tenant would else pay. */
function workloads(onDemand: number): Workloads {
  const percent = (share: number) => Math.round((onDemand * share) / 100);
  return {
    pangu: {
      tenant: "pangu",
      name: "Pangu, 200 billion parameters",
      limit: percent(100),
      dataGB: 40_000,
      cards: 2048,
      hours: 8,
      requestedAtHour: 1,
      window: { from: 10, to: 24 },
      durationSeconds: 8 * 3600 - 180,
    },
    taichu: {
      tenant: "taichu",
      name: "Taichu, three modalities",
      limit: percent(110),
      dataGB: 2000,
      cards: 512,
      hours: 3,
      requestedAtHour: 0.1,
      window: { from: 6, to: 12 },
      durationSeconds: 3 * 3600 - 240,
      regions: ["beijing", "hubei"],
      split: { chunk: 64, bandwidthGbps: 40, syncLatencyMs: 15 },
    },
    luojianet: {
      tenant: "luojianet",
      name: "LuojiaNet image set",
      limit: percent(80),
      dataGB: 8000,
      jobs: 12,
      cards: 16,
      slots: 10,
      hours: { from: 8, to: 20 },
      seconds: { low: 2400, high: 3900 },
    },
    btws: {
      tenant: "btws",
      name: "BTWS algorithm",
      limit: percent(70),
      dataGB: 2,
      algorithms: 170,
      cardsMax: 4,
      hours: { from: 8, to: 20 },
      seconds: { low: 240, high: 1080 },
      ownServersFactor: 10,
    },
    inference: {
      tenant: "btws",
      name: "BTWS inference fleet",
      limit: percent(60),
      peakCards: 320,
      shape: [
        0.3, 0.25, 0.2, 0.2, 0.2, 0.25, 0.4, 0.6, 0.85, 0.95, 1, 1, 0.9, 0.9, 1, 1, 0.95, 0.9, 0.8, 0.75, 0.7,
        0.6, 0.5, 0.4,
      ],
      leadHours: 3,
      maxLatencyMs: 25,
    },
  };
}

/** The default scenario's file from the shipped data (all but the trace) and the assumptions. */
export function deriveDay(folder: string): ScenarioFile {
  const data = readData(folder);
  const levels = levelsOf(data.marketplace, data.onDemand, "ascend910");
  return {
    name: "A day of the network",
    marketDay: MARKET_DAY,
    horizonDays: 7,
    deposit: "20000000000",
    products: PRODUCTS.map((product) => ({ ...product })),
    centers: CENTERS.map((center) => centerOf(data, center)),
    links: linksBetween(parseLines(data.topology), CENTERS),
    tenants: tenants(),
    trace: {
      file: `data/${FILES.trace}`,
      days: TRACE_DAYS,
      cardsPerGpu: CARDS_PER_GPU,
      firstStretchMax: 38,
      patienceSlots: 480,
      maxSlots: 14_400,
      limit: { low: levels.marketplace, high: levels.onDemand },
      extendPercent: 125,
      dataGB: { low: 1, high: 64 },
    },
    workloads: workloads(levels.onDemand),
    failures: [{ center: "beijing", failsAt: 48_130, returnsAt: 58_800 }],
    shortages: [{ center: "chengdu", cards: 64, from: 37_440, to: 38_880 }],
  };
}
