import { checkBids, checkLinks, checkPools } from "./clearing-checker-feasible.ts";
import { checkGroups, checkParents } from "./clearing-checker-linked.ts";
import { checkGains, checkPrices, checkWelfare } from "./clearing-checker-money.ts";
import { checkMinimumRuns, checkReclaimable } from "./clearing-checker-supply.ts";

/**
 * A judge of clearing results that shares no code with the engine: it reads the interchange format as JSON, works in
 * BigInt and exact fractions, and lists every rule (1 to 13) that a result breaks.
 */
export interface Violation {
  readonly rule: string;
  readonly what: string;
}

type Id = number | string;

export interface CheckedBid {
  readonly id?: Id | undefined;
  readonly kind: string;
  readonly g: number;
  readonly floor?: number | undefined;
  readonly d?: number | undefined;
  readonly from: number;
  readonly to: number;
  readonly prods: readonly { readonly p: number; readonly limit: number; readonly d?: number | undefined }[];
  readonly home: number;
  readonly dataGB?: number | undefined;
  readonly regions?: readonly number[] | undefined;
  readonly pools?: readonly number[] | undefined;
  readonly maxLat?: number | undefined;
  readonly kmax?: number | undefined;
  readonly chunk?: number | undefined;
  readonly bw?: number | undefined;
  readonly syncLat?: number | undefined;
  readonly stage?: number | undefined;
  readonly group?: Id | undefined;
  readonly parent?: Id | undefined;
  readonly reclaimable?: boolean | undefined;
}

export interface CheckedOffer {
  readonly id?: Id | undefined;
  readonly pool: number;
  readonly from: number;
  readonly to: number;
  readonly q: number;
  readonly reserve: number;
  readonly minRun?: number | undefined;
  readonly of?: Id | undefined;
  readonly sold?: readonly number[] | undefined;
  readonly reclaimable?: boolean | undefined;
}

export interface CheckedInstance {
  readonly T: number;
  readonly slotSeconds?: number | undefined;
  readonly tick?: number | undefined;
  readonly products: readonly { readonly kw: number }[];
  readonly centers: readonly {
    readonly region: number;
    readonly pue: number;
    readonly energy: readonly number[];
    readonly carbon?: readonly number[] | undefined;
  }[];
  readonly links: readonly {
    readonly a: number;
    readonly b: number;
    readonly gbps: number;
    readonly latMs: number;
    readonly perGB: number;
  }[];
  readonly pools: readonly { readonly c: number; readonly p: number }[];
  readonly offers: readonly CheckedOffer[];
  readonly bids: readonly CheckedBid[];
}

export interface CheckedResult {
  readonly welfare: number;
  readonly accepted: readonly {
    readonly b: number;
    readonly p: number;
    readonly s: number;
    readonly parts: readonly { readonly c: number; readonly q: number }[];
  }[];
  readonly div: readonly {
    readonly b: number;
    readonly fills: readonly (readonly [number, number, number, number])[];
  }[];
  readonly prices: Readonly<Record<string, readonly number[]>>;
  readonly linkPrices: Readonly<Record<string, readonly number[]>>;
  readonly bound?: number;
}

/** Everything that is wrong with a result; empty if it keeps all rules. */
export function checkClearing(instance: CheckedInstance, result: CheckedResult): Violation[] {
  const found: Violation[] = [];
  const report = (rule: string, what: string) => found.push({ rule, what });
  checkBids(instance, result, report);
  if (found.length > 0) return found;
  checkGroups(instance, result, report);
  checkParents(instance, result, report);
  checkPools(instance, result, report);
  checkReclaimable(instance, result, report);
  checkMinimumRuns(instance, result, report);
  checkLinks(instance, result, report);
  checkWelfare(instance, result, report);
  checkPrices(instance, result, report);
  checkGains(instance, result, report);
  return found;
}
