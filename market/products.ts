/** An accelerator class whose cards stand in for one another. */
export interface Product {
  readonly product: string;
  /** TFLOPS of one card at FP16, dense. */
  readonly tflops: number;
  /** Draw of one card with its share of the server, kW. */
  readonly kw: number;
}

/** Products that are traded; where the figures come from: docs/scenario.md. */
export const products: readonly Product[] = [
  { product: "ascend910", tflops: 256, kw: 0.5 },
  { product: "a100-80g", tflops: 312, kw: 0.6 },
];

export function productOf(id: string): Product | undefined {
  return products.find(({ product }) => product === id);
}
