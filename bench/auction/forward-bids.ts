import { draw, drawLogUniform, drawWhole } from "../../agent/scenario/draw.ts";
import type { Scenario } from "../../agent/scenario/scenario.ts";
import { AccountId, CenterId, ProductId } from "../../functions/contract/identifiers.ts";
import type { RequestBodyOf } from "../../functions/contract/operation.ts";
import type { operations } from "../../functions/contract/operations.ts";

export type JobBody = RequestBodyOf<typeof operations.postJob>;

export interface PostedJob {
  readonly tenant: string;
  readonly body: JobBody;
}

/** Hours from the first one on sale in which all of the bids lie. */
const spanHours = 96;
/** Card-hours asked for in that span, as a share of those on sale: prices must form. */
const demandShare = 1.4;

/**
 * Forward bids of the scenario's tenants, the same in every run: gangs of 1 to some hundred cards for 1 to 48 hours,
 * most of them small and short, a sixth divisible, limits log-uniform around what centers ask.
 * @param firstSlot the first slot on sale
 */
export function forwardBids(scenario: Scenario, count: number, firstSlot: number): PostedJob[] {
  const cards = scenario.centers.flatMap(({ pools }) => pools).reduce((sum, pool) => sum + pool.cards, 0);
  const shapes = Array.from({ length: count }, (_, n) => shapeOf(`bid-${n}`));
  const asked = shapes.reduce((sum, shape) => sum + shape.cards * shape.hours, 0);
  const scale = (cards * spanHours * demandShare) / asked;
  return shapes.map((shape, n) => jobOf(scenario, shape, scale, `bid-${n}`, firstSlot));
}

/** A few spot bids, for the auction that waits for the forward one. */
export function spotBids(scenario: Scenario, count: number, firstSlot: number): PostedJob[] {
  return Array.from({ length: count }, (_, n) => {
    const tenant = tenantOf(scenario, `spot-${n}`);
    const times = { slots: 10, maxSlots: 10, from: firstSlot, to: firstSlot + 30 };
    const body = { ...bidOf(tenant, `spot-${n}`, 1000), session: "spot", kind: "block", cards: 1 } as const;
    return { tenant: tenant.tenant, body: { ...body, ...times } };
  });
}

interface Shape {
  readonly cards: number;
  readonly hours: number;
}

function shapeOf(name: string): Shape {
  // Squared, so that the small ones are many.
  const size = draw(name, "cards") ** 2;
  return { cards: 2 ** (size * 8), hours: drawLogUniform(1, 48, name, "hours") };
}

function jobOf(
  scenario: Scenario,
  { cards, hours }: Shape,
  scale: number,
  name: string,
  firstSlot: number,
): PostedJob {
  const tenant = tenantOf(scenario, name);
  const length = Math.min(spanHours, hours + drawLogUniform(1, spanHours, name, "leeway"));
  const start = drawWhole(0, spanHours - length, name, "start");
  const slots = hours * 10;
  const body: JobBody = {
    ...bidOf(tenant, name, drawLogUniform(150, 1200, name, "limit")),
    session: "forward",
    kind: draw(name, "kind") < 1 / 6 ? "div" : "block",
    cards: Math.max(1, Math.round(cards * scale)),
    slots,
    maxSlots: slots,
    from: firstSlot + start * 10,
    to: firstSlot + (start + length) * 10,
    dataGB: draw(name, "data") < 1 / 2 ? 0 : drawLogUniform(1, 200, name, "GB"),
  };
  return { tenant: tenant.tenant, body };
}

function tenantOf({ tenants }: Scenario, name: string): Scenario["tenants"][number] {
  const tenant = tenants[drawWhole(0, tenants.length - 1, name, "tenant")];
  if (tenant === undefined) throw new Error("the scenario has no tenants");
  return tenant;
}

function bidOf({ tenant, home, products }: Scenario["tenants"][number], name: string, limit: number) {
  return {
    name,
    account: AccountId.parse(tenant),
    home: CenterId.parse(home),
    products: products.map((product) => ({ product: ProductId.parse(product), limit })),
  };
}
