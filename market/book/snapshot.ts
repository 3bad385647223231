import { type BookState, initialBook } from "./book-state.ts";

/** Maps and bigints as JSON can hold them. */
type Tagged = { readonly map: readonly unknown[] } | { readonly bigint: string };

/** The whole book as text, for processes that have not followed it. */
export function snapshotOf(book: BookState): string {
  return JSON.stringify(book, (_, value: unknown): unknown => {
    if (value instanceof Map) return { map: [...value] } satisfies Tagged;
    return typeof value === "bigint" ? ({ bigint: value.toString() } satisfies Tagged) : value;
  });
}

/** The book that `snapshotOf` wrote; the text must be one of its own. */
export function bookFromSnapshot(text: string): BookState {
  const book: BookState = JSON.parse(text, (_, value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if ("map" in value && Array.isArray(value.map)) return new Map(value.map);
    return "bigint" in value && typeof value.bigint === "string" ? BigInt(value.bigint) : value;
  });
  // One that an older version wrote lacks what was added since.
  return { ...initialBook(), ...book };
}
