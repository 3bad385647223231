import { BreakView } from "../../market/views/breaks.ts";
import { breaksKey } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { encodeCursor } from "../kit/cursor.ts";
import { endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { listing, type PageQuery, seenPosition } from "../kit/listing.ts";
import type { ViewItem } from "../kit/views.ts";
import { shownBreak } from "./break-resource.ts";

export const create = endpoint(operations.listBreaks, async (call) => {
  const { access, query } = call;
  const seen = await seenPosition(call);
  const pk = breaksKey(query.status);
  const wanted = ({ code, period, assignee }: BreakView) =>
    (query.code === undefined || query.code === code) &&
    (query.period === undefined || query.period === period) &&
    (query.assignee === undefined || query.assignee === assignee);
  const { items, ...page } = await filtered(access, pk, query, wanted);
  return { body: { items: items.map(({ data }) => shownBreak(data)), ...page, ...seen } };
});
export const handler = onLambda(create);

/** Reads on until the page is full: what a filter leaves out costs time, not items. */
async function filtered(
  access: Pick<Access, "views">,
  pk: string,
  query: PageQuery,
  wanted: (view: BreakView) => boolean,
): Promise<{ items: ViewItem<BreakView>[]; next?: string }> {
  const items: ViewItem<BreakView>[] = [];
  for (let cursor = query.cursor; ; ) {
    const page = await listing(access, { pk }, { limit: 200, cursor }, BreakView);
    items.push(...page.items.filter(({ data }) => wanted(data)));
    const last = items[query.limit - 1];
    if (items.length > query.limit && last !== undefined)
      return { items: items.slice(0, query.limit), next: encodeCursor(pk, last.sk) };
    if (page.next === undefined) return { items };
    cursor = page.next;
  }
}
