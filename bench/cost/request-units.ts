import type { AttributeContent, Item } from "../../events/store/dynamo.ts";

/** What AWS rounds a request up to. Sizes are in bytes. */

const kilobyte = 1024;

/** Write request units of an item: each begun KB, at least one. */
export function writeUnits(itemBytes: number): number {
  return begun(itemBytes, kilobyte);
}

/** Read request units of a consistent read: each begun 4 KB, at least one, also for what does not exist. */
export function readUnits(bytes: number): number {
  return begun(bytes, 4 * kilobyte);
}

/** Requests that a message of EventBridge or SQS counts as: each begun 64 KB. */
export function messageUnits(bytes: number): number {
  return begun(bytes, 64 * kilobyte);
}

function begun(bytes: number, unit: number): number {
  return Math.max(1, Math.ceil(bytes / unit));
}

/** Size of an item as DynamoDB counts it: names and strings in UTF-8, a number by its significant digits. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, content]) => sum + Buffer.byteLength(name) + contentBytes(content),
    0,
  );
}

/** A byte for each pair of significant digits, counted from the decimal point, one for the exponent, one for a minus. */
function contentBytes(content: AttributeContent): number {
  if (typeof content === "string") return Buffer.byteLength(content);
  if (content === 0) return 1;
  const [mantissa = "", exponent = ""] = content.toExponential().split("e");
  const digits = mantissa.replace(/[-.]/g, "").length;
  // Where pairs do not begin at the first digit, an even number of digits touches one pair more.
  const split = digits % 2 === 0 && Number(exponent) % 2 === 0 ? 1 : 0;
  return 1 + Math.ceil(digits / 2) + split + (content < 0 ? 1 : 0);
}
