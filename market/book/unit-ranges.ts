/** Neighbouring units of the same content as one range `[from, to)`; the units rise. */
export function ranges<Content>(
  units: readonly { readonly unit: number; readonly content: Content }[],
  same: (a: Content, b: Content) => boolean,
): { from: number; to: number; content: Content }[] {
  const found: { from: number; to: number; content: Content }[] = [];
  for (const { unit, content } of units) {
    const last = found.at(-1);
    if (last !== undefined && last.to === unit && same(last.content, content)) last.to = unit + 1;
    else found.push({ from: unit, to: unit + 1, content });
  }
  return found;
}

/** The units of `[from, to)`, each with what it holds. */
export function unitsOf<Content>(from: number, to: number, contentOf: (unit: number) => Content) {
  return Array.from({ length: to - from }, (_, i) => ({ unit: from + i, content: contentOf(from + i) }));
}
