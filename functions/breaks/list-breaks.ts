import { BreakView } from "../../market/views/breaks.ts";
import { breaksKey } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { cutPage, type Listed, listing, type PageQuery, seenPosition } from "../kit/listing.ts";
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

/** Items of the queue that one answer looks through at most. */
const lookedThrough = 2000;

/** Reads on until the page is full, or goes on in the next one: what a filter leaves out costs time, not items. */
async function filtered(
  access: Pick<Access, "views">,
  pk: string,
  query: PageQuery,
  wanted: (view: BreakView) => boolean,
): Promise<Listed<ViewItem<BreakView>>> {
  const items: ViewItem<BreakView>[] = [];
  let { cursor } = query;
  for (let looked = 0; looked < lookedThrough; ) {
    const page = await listing(access, { pk }, { limit: 200, cursor }, BreakView);
    looked += page.items.length;
    items.push(...page.items.filter(({ data }) => wanted(data)));
    const shown = cutPage(pk, items, query.limit);
    if (shown.next !== undefined || page.next === undefined) return shown;
    cursor = page.next;
  }
  return { items, ...(cursor === undefined ? {} : { next: cursor }) };
}
