import { Option } from "@commander-js/extra-typings";
import { usage } from "./failure.ts";
import { millsOf } from "./request-body.ts";

export const cnyOption = () =>
  new Option("--cny <amount>", "CNY with at most three decimals").argParser(millsOf);
export const millsOption = (currency = "CNY") => new Option("--mills <n>", `mills, 1/1000 ${currency}`);

/** @throws Failure unless exactly one of them is given */
export function amountOf({ cny, mills }: { readonly cny?: string; readonly mills?: string }): string {
  const amount = cny ?? mills;
  if (amount === undefined || (cny !== undefined && mills !== undefined))
    throw usage("give the amount as --cny or as --mills", "--cny");
  return amount;
}
