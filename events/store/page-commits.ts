import { type FeedHead, pageBytes, type StoredPage } from "./chain.ts";

export class BrokenChain extends Error {
  override readonly name = "BrokenChain";
}

const before = '{"commits":['.length;
const [quote, backslash, open, close, end] = [...'"\\{}]'].map((letter) => letter.charCodeAt(0));

/**
 * The commits of the page after `head`, each with the very bytes that it has in the page.
 * @throws BrokenChain if it does not follow `head`, or has a byte that belongs neither to a commit nor to every page
 */
export function commitTexts(head: FeedHead, { position, bytes }: StoredPage): string[] {
  const commits = objectsIn(bytes);
  if (position !== head.position + 1 || pageBytes(head, commits) !== bytes)
    throw new BrokenChain(`page ${position} does not follow page ${head.position}, ${head.hash}`);
  return commits;
}

/** Objects of the array that every page begins with. */
function objectsIn(bytes: string): string[] {
  const objects: string[] = [];
  let [depth, begin] = [0, 0];
  for (let at = before; at < bytes.length; at++) {
    const letter = bytes.charCodeAt(at);
    if (letter === quote) at = endOfText(bytes, at);
    else if (letter === open) {
      if (depth === 0) begin = at;
      depth += 1;
    } else if (letter === close) {
      depth -= 1;
      if (depth === 0) objects.push(bytes.slice(begin, at + 1));
    } else if (letter === end && depth === 0) return objects;
  }
  return objects;
}

/** Of the quote that ends the text which begins at `begin`. */
function endOfText(bytes: string, begin: number): number {
  let at = begin + 1;
  while (at < bytes.length && bytes.charCodeAt(at) !== quote)
    at += bytes.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}
