import type { Highs, InitOptions, Model, ModelData } from "highs";
import * as highsModule from "highs";
import type { Milp } from "./milp.ts";

/** What HiGHS knows after so many seconds of its own. Null: no solution, or no bound, so far. */
export interface Progress {
  readonly seconds: number;
  /** Mills. */
  readonly welfare: number | null;
  /** The most that one of its solutions so far is worth as `Watch` says. */
  readonly priced: number | null;
  readonly bound: number | null;
  readonly optimal: boolean;
}

export interface Watch {
  /** Is told each time that more is known. */
  readonly tell: (progress: Progress) => void;
  /** Mills of a solution, the values of its columns, with prices that hold. */
  readonly priced: (values: Float64Array) => number;
}

/** HiGHS counts in thousands of mills, nearer to the sizes its tolerances are made for. */
const MILLS = 1000;
/** HiGHS says 1e30 or more where it has no solution or no bound. */
const NOTHING = 1e15;
/** `primal_solution_status` of a feasible solution. */
const FEASIBLE = 2;

/**
 * Solves until the optimum is proven or the time is over, and tells what it knows as it goes: a run that is cut short,
 * or that dies, has still said what it had.
 *
 * @throws Error if HiGHS ends in any other way
 */
export async function solveMilp(milp: Milp, seconds: number, watch: Watch): Promise<Progress> {
  if (milp.gain.length === 0) return { seconds: 0, welfare: 0, priced: 0, bound: 0, optimal: true };
  const highs = await loadHighs();
  return highs.withModel(modelData(milp, highs), (model) => {
    model.options.set({ output_flag: false, time_limit: seconds, mip_rel_gap: 0, mip_abs_gap: 1e-7 });
    return solve(highs, model, watch);
  });
}

/**
 * The linear relaxation in mills, rounded up: bids may be taken in parts. By duality it is the least bound that prices
 * of cards and links alone can prove. Null if the time is over before that.
 */
export async function solveRelaxation(milp: Milp, seconds: number): Promise<number | null> {
  if (milp.gain.length === 0) return 0;
  const highs = await loadHighs();
  const relaxed = { ...milp, integer: milp.integer.map(() => false) };
  return highs.withModel(modelData(relaxed, highs), (model) => {
    model.options.set({ output_flag: false, time_limit: seconds, solver: "simplex" });
    const { modelStatus } = model.run();
    if (modelStatus !== highs.constants.modelStatus.optimal) return null;
    return Math.ceil(model.getObjectiveValue() * MILLS - 1e-3) + 0;
  });
}

function solve(highs: Highs, model: Model, watch: Watch): Progress {
  const { callbackType, modelStatus } = highs.constants;
  let [primal, dual, priced] = [-Infinity, Infinity, -Infinity];
  const known = (seconds: number, optimal: boolean): Progress => ({
    seconds,
    // A sum with 0 is never -0.
    welfare: Number.isFinite(primal) ? Math.round(primal * MILLS) + 0 : null,
    priced: Number.isFinite(priced) ? priced : null,
    bound: Number.isFinite(dual) ? Math.ceil(dual * MILLS - 1e-3) + 0 : null,
    optimal,
  });
  const note = (better: number | undefined, tighter: number | undefined, seconds = 0) => {
    const [before, above] = [primal, dual];
    if (better !== undefined && Math.abs(better) < NOTHING) primal = Math.max(primal, better);
    if (tighter !== undefined && Math.abs(tighter) < NOTHING) dual = Math.min(dual, tighter);
    if (primal > before || dual < above) watch.tell(known(seconds, false));
  };
  const began = performance.now();
  const { modelStatus: status } = model.run({
    [callbackType.mipLogging]({ data }) {
      note(data.mip_primal_bound, data.mip_dual_bound, data.running_time);
      return undefined;
    },
    [callbackType.mipImprovingSolution]({ data }) {
      if (data.mip_solution !== undefined) priced = Math.max(priced, watch.priced(data.mip_solution));
      note(data.objective_function_value, data.mip_dual_bound, data.running_time);
      return undefined;
    },
  });
  const took = (performance.now() - began) / 1000;
  if (status !== modelStatus.optimal && status !== modelStatus.timeLimit)
    throw new Error(`HiGHS ended with status ${status}`);
  if (Number(model.info.get("primal_solution_status")) === FEASIBLE) {
    primal = Math.max(primal, model.getObjectiveValue());
    priced = Math.max(priced, watch.priced(model.getSolution().colValue));
  }
  const last = Number(model.info.get("mip_dual_bound"));
  if (Math.abs(last) < NOTHING) dual = Math.min(dual, last);
  if (status === modelStatus.optimal) dual = primal;
  return known(took, status === modelStatus.optimal);
}

type Loader = (options?: InitOptions) => Promise<Highs>;

/** The package declares itself as CommonJS; what Node imports is a module, whose default is the function itself. */
function isLoader(value: unknown): value is Loader {
  return typeof value === "function";
}

let loaded: Promise<Highs> | undefined;

/** Compiled once. */
function loadHighs(): Promise<Highs> {
  loaded ??= load();
  return loaded;
}

function load(): Promise<Highs> {
  const loader: unknown = highsModule.default;
  if (!isLoader(loader)) throw new Error("the package highs has changed: its default export is no function");
  return loader();
}

function modelData(milp: Milp, { constants, infinity }: Highs): ModelData {
  const numCols = milp.gain.length;
  const numRows = milp.rows.length;
  const starts = [0];
  for (const row of milp.rows) starts.push((starts.at(-1) ?? 0) + row.columns.length);
  return {
    numCols,
    numRows,
    sense: constants.objectiveSense.maximize,
    colCost: milp.gain.map((gain) => gain / MILLS),
    colLower: new Float64Array(numCols),
    colUpper: milp.upper,
    rowLower: new Float64Array(numRows).fill(-infinity),
    rowUpper: milp.rows.map(({ limit }) => limit),
    integrality: milp.integer.map((is) =>
      is ? constants.variableType.integer : constants.variableType.continuous,
    ),
    matrix: {
      format: "csr",
      numRows,
      numCols,
      starts,
      indices: milp.rows.flatMap(({ columns }) => columns),
      values: milp.rows.flatMap(({ values }) => values),
    },
  };
}
