/** Bytes of what a Lambda function may answer, with its headers, as JSON: one that has more fails. */
export const answerLimit = 6_291_556;

/**
 * Bytes of the items of one page at most, as JSON. A function's answer is JSON with the body as text in it, so every
 * quote of the body is escaped once more: no byte becomes more than two.
 */
export const pageBytes = 3_000_000;

/** How much of a list makes a page: so many of its first items at most, and one at least, in `pageBytes`. */
export function fitting<Item>(items: readonly Item[], limit: number): Item[] {
  let bytes = 0;
  const wanted = items.slice(0, limit);
  const end = wanted.findIndex((item, index) => {
    // One more for the comma.
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
    return index > 0 && bytes > pageBytes;
  });
  return end === -1 ? wanted : wanted.slice(0, end);
}
