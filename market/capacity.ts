import type * as z from "zod";
import type { CapacityEvent, CapacitySensed } from "../events/catalog/center.ts";
import type { CenterId, ProductId } from "../events/catalog/values.ts";
import { accept, type Decider } from "./decider.ts";

type Sensed = z.infer<typeof CapacitySensed.data>;

/** What a center reports of its pools, in the slot in which it does. */
export interface CapacityCommand {
  readonly type: "Sense";
  readonly center: CenterId;
  readonly slot: number;
  readonly pools: readonly Pick<Sensed, "product" | "working" | "idle">[];
}

/** The last report of each pool. */
export interface CapacityState {
  readonly sensed: ReadonlyMap<ProductId, Sensed>;
}

/** What a center senses on one settlement day: stream `capacity-CENTER-PERIOD`. */
export const capacityDecider: Decider<CapacityState, CapacityCommand, CapacityEvent> = {
  initial: { sensed: new Map() },
  decide({ center, slot, pools }, state) {
    const news = pools.filter((pool) => isNews(pool, slot, state.sensed.get(pool.product)));
    return accept(
      ...news.map((pool): CapacityEvent => ({ type: "CapacitySensed", data: { center, ...pool, slot } })),
    );
  },
  evolve: (state, { data }) => ({ sensed: new Map([...state.sensed, [data.product, data]]) }),
};

/** A report that says nothing new, or that a later one overtook, is no fact worth keeping. */
function isNews(pool: CapacityCommand["pools"][number], slot: number, before: Sensed | undefined): boolean {
  if (before === undefined) return true;
  return slot >= before.slot && (pool.working !== before.working || pool.idle !== before.idle);
}
