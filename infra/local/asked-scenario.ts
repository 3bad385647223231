import { loadScenario, type Scenario, takeJobs } from "../../agent/scenario/scenario.ts";
import { productOf, products } from "../../market/products.ts";
import type { Options } from "./options.ts";

/**
 * The scenario that the options ask for.
 * @throws Error naming the option and what is wrong with its file
 */
export function askedScenario({
  scenario: path,
  days,
  jobs,
}: Pick<Options, "scenario" | "days" | "jobs">): Scenario {
  try {
    const scenario = loadScenario(path, days);
    const fault = scenario.products.map(faultOf).find((each) => each !== undefined);
    if (fault !== undefined) throw new Error(`${path}: ${fault}`);
    return takeJobs(scenario, jobs ?? Number.POSITIVE_INFINITY);
  } catch (cause) {
    throw new Error(`--scenario ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** The exchange clears with figures of its own; an outcome worked out with others would mean nothing. */
function faultOf({ product, tflops, kw }: Scenario["products"][number], n: number): string | undefined {
  const traded = productOf(product);
  if (traded === undefined)
    return `/products/${n}/product: ${product} is not traded: name one of ${products.map((each) => each.product).join(", ")}`;
  if (traded.tflops === tflops && traded.kw === kw) return undefined;
  return `/products/${n}: ${product} is traded as a card of ${traded.tflops} TFLOPS and ${traded.kw} kW: say the same`;
}
