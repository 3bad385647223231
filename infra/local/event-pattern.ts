import { isObject, type Json } from "./resources.ts";

/** An EventBridge pattern of exact values: a field matches if its value is one of those listed. */
export type EventPattern = readonly { readonly path: readonly string[]; readonly anyOf: readonly Json[] }[];

/** @throws Error for operators that are not in use here: better no start than an event that goes astray. */
export function readPattern(pattern: Json, path: readonly string[] = []): EventPattern {
  if (!isObject(pattern)) throw new Error(`event pattern: ${path.join(".")} must be an object`);
  return Object.entries(pattern).flatMap(([field, wanted]) => {
    const here = [...path, field];
    if (!Array.isArray(wanted)) return readPattern(wanted, here);
    if (field.startsWith("$") || wanted.some((value) => typeof value === "object"))
      throw new Error(
        `event pattern: the local exchange only knows exact values, not those of ${here.join(".")}`,
      );
    return [{ path: here, anyOf: wanted }];
  });
}

export function matches(pattern: EventPattern, event: Json): boolean {
  return pattern.every(({ path, anyOf }) => {
    const value = path.reduce<Json | undefined>(
      (part, field) => (isObject(part) ? part[field] : undefined),
      event,
    );
    return value !== undefined && anyOf.includes(value);
  });
}
