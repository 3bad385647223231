// What clients name things with: they know the contract and nothing else of the exchange.
import { AccountId, CenterId, MillsText, ProductId } from "../../events/catalog/values.ts";

export { AccountId, CenterId, MillsText, ProductId };
