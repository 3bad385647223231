import { AccountId, CenterId, MillsText, ProductId } from "../../functions/contract/identifiers.ts";
import { operations } from "../../functions/contract/operations.ts";
import type { Center, Tenant } from "../scenario/scenario-file.ts";
import { SLOT_SECONDS } from "../scenario/scenario-job.ts";
import type { World } from "./world.ts";

const openingSlot = ({ opening }: World) => opening / 1000 / SLOT_SECONDS;

/** Centers join, take their leases, declare links and offer; tenants open accounts; finance fills those, and guarantees. */
export async function joinAll(world: World): Promise<void> {
  const { centers, tenants } = world.scenario;
  await Promise.all(centers.map((center) => join(world, center)));
  await Promise.all(centers.map((center) => declareLinks(world, center)));
  await Promise.all(tenants.map((tenant) => openAccount(world, tenant)));
}

async function join(world: World, spec: Center): Promise<void> {
  const client = await world.client(spec.owner, "center");
  const { center: id, name, region, homeRegions, pue, pools, energy, gridFactor } = spec;
  const center = CenterId.parse(id);
  const body = {
    center,
    name,
    region,
    homeRegions,
    pools: pools.map((pool) => ({ ...pool, product: ProductId.parse(pool.product) })),
    puePermille: Math.round(pue * 1000),
    energy,
    gridFactor,
  };
  await client.call(operations.joinNetwork, { body, key: `join-${center}` });
  await client.call(operations.renewLease, { params: { center } });
  const sensed = body.pools.map(({ product, cards }) => ({ product, working: cards, idle: cards }));
  await client.call(operations.reportCapacity, {
    params: { center },
    body: { pools: sensed },
    key: `capacity-${center}`,
  });
  const finance = await world.client("clearing-house", "finance");
  await finance.call(operations.postGuarantee, {
    params: { center },
    body: { mills: MillsText.parse("100000000") },
    key: `guarantee-${center}`,
  });
  await Promise.all(
    world.scenario.offers
      .filter((offer) => offer.center === id)
      .map((offer) => {
        const { product, cards, reserve, from, to } = offer;
        const first = openingSlot(world);
        const posted = {
          center,
          product: ProductId.parse(product),
          cards,
          reserve,
          from: first + from,
          to: first + to,
        };
        return client.call(operations.postOffer, { body: posted, key: `offer-${offer.key}` });
      }),
  );
}

async function declareLinks(world: World, { owner, center }: Center): Promise<void> {
  const links = world.scenario.links
    .filter((link) => link.from === center)
    .map(({ to, gbps, latencyMs, perGB }) => ({ to: CenterId.parse(to), gbps, latencyMs, perGB }));
  if (links.length === 0) return;
  const client = await world.client(owner, "center");
  await client.call(operations.declareLinks, { params: { center }, body: { links } });
}

async function openAccount(world: World, { tenant }: Tenant): Promise<void> {
  const account = AccountId.parse(tenant);
  await (await world.client(tenant, "tenant")).call(operations.openAccount, {
    body: { account },
    key: "account",
  });
  const finance = await world.client("clearing-house", "finance");
  const body = { mills: MillsText.parse(world.scenario.deposit) };
  await finance.call(operations.depositFunds, { params: { account }, body, key: `deposit-${tenant}` });
}
