import { type Command, Option } from "@commander-js/extra-typings";
import { usage } from "./failure.ts";
import { asIs, gather, parts, whole } from "./request-body.ts";
import { slotHelp } from "./slots.ts";

interface ProductBid {
  readonly product: string;
  readonly limit?: number;
  readonly slots?: number;
}

export const bidDefaults = { session: "spot", from: "+1" } as const;

/** What a job and a quote have in common. */
export function bidOptions<Args extends unknown[]>(command: Command<Args>) {
  return command
    .addOption(
      new Option("--session <session>", "spot or forward (default: spot)").choices([
        "spot",
        "forward",
      ] as const),
    )
    .addOption(
      new Option(
        "--product <product[:fen[:slots]]>",
        "product, the limit of its bid, and its own length where that is not --slots; again for each",
      ).argParser(gather(productOf)),
    )
    .option("--limit <fen>", "limit for products without their own, fen per card-hour", whole)
    .option("--cards <n>", "whole cards", whole)
    .option("--slots <n>", "length of the first award, in slots of 6 minutes", whole)
    .option("--from <slot>", `first slot of the window (default: +1): ${slotHelp}`)
    .option("--to <slot>", "first slot after the window")
    .option("--reclaimable", "takes cards that their center may reclaim with notice, too")
    .addOption(new Option("--region <region>", "where it may run; again for each").argParser(gather(asIs)));
}

export const frameworkOption = () =>
  new Option("--framework <name>", "what the pool must have; again for each").argParser(gather(asIs));

function productOf(text: string): ProductBid {
  const [product = "", limit, slots] = parts(text, "PRODUCT:[FEN]:[SLOTS]");
  return {
    product,
    ...(limit === undefined ? {} : { limit: whole(limit) }),
    ...(slots === undefined ? {} : { slots: whole(slots) }),
  };
}

interface BidOptions {
  readonly product?: readonly ProductBid[] | undefined;
  readonly limit?: number | undefined;
  readonly region?: readonly string[] | undefined;
  readonly framework?: readonly string[] | undefined;
}

/** The options as the contract names them. */
export function bidFields<Options extends BidOptions>({
  product,
  limit,
  region,
  framework,
  ...rest
}: Options) {
  if (product === undefined && limit !== undefined)
    throw usage("a limit is of a product: give --product too", "--limit");
  const products = product?.map((bid) => {
    const own = bid.limit ?? limit;
    if (own === undefined)
      throw usage(`${bid.product} has no limit: give it as ${bid.product}:FEN, or --limit`, "--product");
    return { ...bid, limit: own };
  });
  return { ...rest, products, regions: region, frameworks: framework };
}
