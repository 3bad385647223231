/**
 * Canonical JSON after RFC 8785: no white space, members sorted by UTF-16 code units, undefined members left out.
 * The same value always gives the same bytes, so that a hash of them means the value.
 * @throws TypeError for what JSON cannot say (bigint, NaN, functions).
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && !(value instanceof Date)) return canonicalObject(value);
  throw new TypeError(`no JSON for ${typeof value} ${String(value)}`);
}

function canonicalObject(value: object): string {
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}
