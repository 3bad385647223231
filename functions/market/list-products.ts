import { ProductId } from "../../events/catalog/values.ts";
import { products } from "../../market/products.ts";
import { CenterView } from "../../market/views/centers.ts";
import { centersKey } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";

export const create = endpoint(operations.listProducts, async ({ access }) => {
  const asOf = await access.views.asOf();
  const centers = await access.views.list({ pk: centersKey }, CenterView);
  const items = products.map(({ product }) => {
    const pools = centers.flatMap(({ data }) =>
      data.pools
        .filter((pool) => pool.product === product)
        .map(({ cards, frameworks }) => ({ center: data.center, cards, frameworks })),
    );
    const cards = pools.reduce((sum, pool) => sum + pool.cards, 0);
    return { product: ProductId.parse(product), cards, pools };
  });
  return { body: { items, asOf } };
});
export const handler = onLambda(create);
