import * as z from "zod";
import { streams } from "../../events/catalog/streams.ts";
import { AccountId, Period } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import { invoiceDecider } from "../../market/invoice.ts";
import { mills, millsText } from "../../market/money.ts";
import { emptyLedger, ledgerOf, mergeLedgers, totalsOf } from "../../market/settlement/ledger.ts";
import { matchDay } from "../../market/settlement/match.ts";
import {
  factsIn,
  type Holder,
  holderOf,
  type InvoiceData,
  invoiceOf,
  noStatements,
  type Statement,
  withFacts,
} from "../../market/settlement/statements.ts";
import { periodPlus } from "../../market/time.ts";
import { readAccount } from "../accounts/account-stream.ts";
import { recordBreaks } from "../breaks/record-breaks.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";
import { carriedFrom, type OwnBucket, saveCarried } from "./carried-facts.ts";
import { type ClosingDay, closeCommand, closingDay } from "./close-command.ts";
import {
  type Amounts,
  type BucketResult,
  Partial,
  places,
  readResults,
  saveResult,
} from "./partial-results.ts";

const Bucket = z.object({
  period: Period,
  bucket: z.int().min(0),
  buckets: z.int().min(1),
  ranges: z.int().min(1),
});

/** Puts together what all ranges left in one bucket: matches it, records breaks, issues the invoices of its accounts. */
export const create = step(Bucket, async (access, { period, bucket, buckets, ranges }) => {
  const day = await closingDay(access, period);
  if (day === undefined) return {};
  const { pk } = places.partial(period, bucket, 0);
  const partials = await readResults(access, pk, ranges, Partial);
  const ledger = partials.reduce((sum, partial) => mergeLedgers(sum, ledgerOf(partial.ledger)), emptyLedger);
  const statements = withFacts(
    noStatements,
    partials.flatMap((partial) => partial.statements),
  );
  const ofCenters = [...statements.values()].filter(({ party }) => party.startsWith("center:"));
  const { totals, charges } = totalsOf(ledger);
  const result: BucketResult = {
    ledger: { totals, charges },
    invoices: await issueInvoices(access, day, [...statements.values()]),
    match: await matchBucket(access, day, partials, { bucket, buckets }),
    centers: ofCenters.flatMap(factsIn),
  };
  await saveResult(access, places.bucket(period, bucket), result);
  return {};
});
export const handler = onLambda(create);

async function matchBucket(
  access: Access,
  day: ClosingDay,
  partials: readonly Partial[],
  own: OwnBucket,
): Promise<BucketResult["match"]> {
  const { period, cutOff } = day;
  const facts = partials.flatMap(({ matches }) => matches);
  const match = matchDay(facts, await carriedFrom(access, periodPlus(period, -1), own), period);
  await recordBreaks(access, match, { period, at: cutOff.at });
  await saveCarried(access, period, own.bucket, match.carried);
  return match.counts;
}

async function issueInvoices(
  access: Access,
  day: ClosingDay,
  statements: readonly Statement[],
): Promise<Amounts> {
  let [count, payable] = [0, 0n];
  await forEachInFlight(16, statements, async (statement) => {
    const invoice = await issueInvoice(access, day, statement);
    if (invoice === undefined) return;
    count += 1;
    payable += mills(invoice.payable);
  });
  return { count, payable: millsText(payable) };
}

async function issueInvoice(access: Access, day: ClosingDay, statement: Statement) {
  const name = /^account:(.+)$/.exec(statement.party)?.[1];
  if (name === undefined || statement.sums.size === 0) return undefined;
  const account = AccountId.parse(name);
  const at = { period: day.period, at: day.cutOff.at };
  const holder = statement.holder?.holder ?? (await holderNow(access, day, account));
  const invoice = invoiceOf(account, statement, holder, at);
  if (invoice === undefined) return undefined;
  return issued(access, day, invoice);
}

async function issued(access: Access, day: ClosingDay, invoice: InvoiceData): Promise<InvoiceData> {
  const stream = streams.invoice(invoice.account, day.period);
  const meta = closeCommand(access, day, `invoice/${invoice.invoice}`);
  const done = await execute(access.store, invoiceDecider, stream, { type: "Issue", invoice }, meta);
  if ("state" in done && done.state.phase === "issued") return done.state.invoice;
  throw new Error(`invoice ${invoice.invoice} was not issued`);
}

/** An account that no page of the day opened: the view that accounts are carried from was behind. */
async function holderNow(access: Access, { period }: ClosingDay, account: AccountId): Promise<Holder> {
  const found = await readAccount(access, account, period);
  const stream = streams.account(account, found?.state.period ?? period);
  const [opened] = (await access.log.load(stream)).flatMap(({ events }) => events);
  if (opened?.type !== "AccountOpened") throw new Error(`account ${account} was charged and never opened`);
  return holderOf(opened.data);
}
