import { ProductId } from "../../events/catalog/values.ts";
import { products } from "../../market/products.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { seenPosition } from "../kit/listing.ts";
import { publishedCenters } from "./published-centers.ts";

export const create = endpoint(operations.listProducts, async ({ access, role }) => {
  const seen = await seenPosition({ access, role });
  const centers = await publishedCenters(access);
  const items = products.map(({ product }) => {
    const pools = centers.flatMap((center) =>
      center.pools
        .filter((pool) => pool.product === product)
        .map(({ cards, frameworks }) => ({ center: center.center, cards, frameworks })),
    );
    const cards = pools.reduce((sum, pool) => sum + pool.cards, 0);
    return { product: ProductId.parse(product), cards, pools };
  });
  return { body: { items, ...seen } };
});
export const handler = onLambda(create);
