import { MillsText } from "../../events/catalog/values.ts";

/**
 * Money that a request names, in mills: less than ten trillion of the currency. The log's own amounts may be longer by
 * far, so that no sum of these, however many they are, is one that it cannot hold.
 */
export const Amount = MillsText.max(
  16,
  "at most 16 characters: say it in parts, or see whether it is in mills",
);
