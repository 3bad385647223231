import { createHash } from "node:crypto";
import * as z from "zod";
import { problem } from "./problems.ts";

const Cursor = z.strictObject({ of: z.string(), after: z.string().min(1) });

/** A cursor vouches for its list and its place, so that one of another list or owner, or a damaged one, is refused. */
export function encodeCursor(list: string, after: string): string {
  return Buffer.from(JSON.stringify({ of: digest(list, after), after })).toString("base64url");
}

/** @throws ProblemError 400 for what this list did not hand out. */
export function decodeCursor(list: string, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const parsed = Cursor.safeParse(parseJson(Buffer.from(cursor, "base64url").toString("utf8")));
  if (!parsed.success || encodeCursor(list, parsed.data.after) !== cursor)
    throw problem(
      400,
      "cursor-invalid",
      "Pass `next` of this very list unchanged, or leave it out.",
      "query/cursor",
    );
  return parsed.data.after;
}

function digest(list: string, after: string): string {
  return createHash("sha256")
    .update(JSON.stringify([list, after]))
    .digest("base64url")
    .slice(0, 12);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
