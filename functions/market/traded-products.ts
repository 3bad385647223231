import { productOf } from "../../market/products.ts";
import { problem } from "../kit/problems.ts";

/** @throws ProblemError 422 for a product that nobody trades. */
export function assertProductsKnown(products: readonly { readonly product: string }[]): void {
  const unknown = products.findIndex(({ product }) => productOf(product) === undefined);
  if (unknown >= 0)
    throw problem(422, "product-unknown", "GET /market/products lists them.", `/products/${unknown}/product`);
}
