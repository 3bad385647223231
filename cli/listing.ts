import { Option } from "@commander-js/extra-typings";
import { z } from "zod";
import type { UncheckedRequest } from "../agent/client.ts";
import type { AnswerOf, Operation } from "../functions/contract/operation.ts";
import { whole } from "./request-body.ts";
import type { Session } from "./session.ts";
import { type Column, table } from "./table.ts";

export const limitOption = () => new Option("--limit <n>", "most items of one page").argParser(whole);
export const cursorOption = () =>
  new Option("--cursor <text>", "where the page begins: `next` of the one before");
export const allOption = () => new Option("--all", "follow the pages to the last one and join their items");

export interface Paging {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly all?: true | undefined;
}

/** What is common to the pages of every list, as they came. */
const PageContent = z.looseObject({ items: z.array(z.unknown()), next: z.string().optional() });

/** Shows a page of a list, or with `--all` its pages as if they were one. */
export async function showList<const Of extends Operation, Item>(
  session: Session,
  operation: Of,
  request: UncheckedRequest,
  { limit, cursor, all }: Paging,
  itemsOf: (answer: AnswerOf<Of>) => readonly Item[],
  columns: readonly Column<Item>[],
  /** What is said below the table. */
  foot: (answer: AnswerOf<Of>) => string = () => "",
): Promise<void> {
  const rows: Item[] = [];
  const items: unknown[] = [];
  let next = cursor;
  for (;;) {
    const query = { ...request.query, ...defined({ limit, cursor: next }) };
    const { answer, content } = await session.ask(operation, { ...request, query });
    const page = PageContent.parse(content);
    rows.push(...itemsOf(answer));
    items.push(...page.items);
    next = page.next;
    if (all === true && next !== undefined) continue;
    const { next: _, ...rest } = page;
    const whole = all === true ? { ...rest, items } : content;
    const more = next === undefined ? "" : `more: --cursor ${next}\n`;
    // A page of what is searched for in the log may have found nothing yet.
    const shown = rows.length === 0 && next !== undefined ? "nothing so far\n" : table(rows, columns);
    return session.show(whole, () => shown + foot(answer) + more);
  }
}

/** Query parameters that were given. */
export function defined(
  query: Readonly<Record<string, string | number | undefined>>,
): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
