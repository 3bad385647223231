/** Texts in quotes, as JSON writes them, and what opens and closes an object or the list of commits. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}\]]/g;

/**
 * The text of each commit of a page, as it stands in the page's text; undefined if there is anything in it, be it a
 * blank, beside the commits and what every page has.
 */
export function commitTextsOf(
  { position, previousHash }: { readonly position: number; readonly previousHash: string },
  text: string,
): string[] | undefined {
  const list = '{"commits":[';
  if (!text.startsWith(list)) return undefined;
  const texts: string[] = [];
  let [depth, begin] = [0, 0];
  tokens.lastIndex = list.length;
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    const [letter] = token;
    if (letter === "{" && depth++ === 0) begin = token.index;
    if (letter === "}" && --depth === 0) texts.push(text.slice(begin, tokens.lastIndex));
    if (letter === "]" && depth === 0) break;
  }
  const whole = `${list}${texts.join(",")}],"position":${position},"previousHash":"${previousHash}"}`;
  return whole === text ? texts : undefined;
}
