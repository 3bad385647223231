import * as z from "zod";
import { Period } from "../../events/catalog/values.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import type { ParsedCommit } from "../../events/upcasts.ts";
import { emptyLedger, totalsOf, withEvents } from "../../market/settlement/ledger.ts";
import { type MatchFact, matchFactsOf } from "../../market/settlement/match-facts.ts";
import {
  factsIn,
  noStatements,
  type Statements,
  statementFactsOf,
  withFacts,
} from "../../market/settlement/statements.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";
import { closingDay } from "./close-command.ts";
import { bucketOf } from "./close-parts.ts";
import { type Partial, places, saveResult } from "./partial-results.ts";

const Range = z.object({
  period: Period,
  range: z.int().min(0),
  after: z.int().min(0),
  upTo: z.int().min(0),
  buckets: z.int().min(1),
});

/** Folds one range of the day's pages, apart from all others, and leaves what it comes to by bucket. */
export const create = step(Range, async (access, { period, range, after, upTo, buckets }) => {
  if ((await closingDay(access, period)) === undefined) return {};
  const partials = byBucket(await foldPages(access, after, upTo), buckets);
  await forEachInFlight(8, partials.entries(), ([bucket, partial]) =>
    saveResult(access, places.partial(period, bucket, range), partial),
  );
  return {};
});
export const handler = onLambda(create);

interface Folded {
  readonly ledger: typeof emptyLedger;
  readonly statements: Statements;
  readonly matches: readonly MatchFact[];
}

async function foldPages({ feed }: Access, after: number, upTo: number): Promise<Folded> {
  let [ledger, statements] = [emptyLedger, noStatements];
  const matches: MatchFact[] = [];
  for (let position = after; position < upTo; ) {
    const pages = await feed.readAfter(position, Math.min(16, upTo - position));
    const last = pages.at(-1);
    if (last === undefined) throw new Error(`the feed has no page ${position + 1}`);
    const commits = pages.flatMap((page) => page.commits);
    const events = commits.flatMap((commit) => commit.events);
    for (const fact of commits.flatMap(matchFactsIn)) matches.push(fact);
    ledger = withEvents(ledger, events);
    statements = withFacts(statements, events.flatMap(statementFactsOf));
    position = last.position;
  }
  return { ledger, statements, matches };
}

function matchFactsIn({ stream, version, time, events }: ParsedCommit): readonly MatchFact[] {
  return events.flatMap((event, index) => matchFactsOf(event, { stream, version: version + index, time }));
}

function byBucket({ ledger, statements, matches }: Folded, buckets: number): Partial[] {
  const { totals, charges } = totalsOf(ledger);
  const partials = Array.from({ length: buckets }, (_, bucket): Partial => {
    // How many charges there are is no matter of accounts: one bucket tells it.
    return { ledger: { charges: bucket === 0 ? charges : 0, totals: [] }, statements: [], matches: [] };
  });
  for (const row of totals) partials[bucketOf(row.account, buckets)]?.ledger.totals.push(row);
  for (const statement of statements.values())
    partials[bucketOf(statement.party, buckets)]?.statements.push(...factsIn(statement));
  for (const fact of matches) partials[bucketOf(fact.key, buckets)]?.matches.push(fact);
  return partials;
}
