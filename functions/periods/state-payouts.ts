import * as z from "zod";
import { streams } from "../../events/catalog/streams.ts";
import { CenterId, Period } from "../../events/catalog/values.ts";
import { execute, loadState } from "../../events/store/execute.ts";
import { centerDecider } from "../../market/center.ts";
import { fundDecider } from "../../market/fund.ts";
import { mills, millsText } from "../../market/money.ts";
import { payoutDecider } from "../../market/payout.ts";
import { coverDebt } from "../../market/settlement/center-default.ts";
import {
  type Borne,
  dayDebtOf,
  noStatements,
  type PayoutData,
  payoutId,
  payoutOf,
  type Statement,
  withFacts,
} from "../../market/settlement/statements.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";
import { type ClosingDay, closeCommand, closingDay } from "./close-command.ts";
import { type Amounts, BucketResult, places, readResults, saveResult } from "./partial-results.ts";
import { takeBack } from "./take-back.ts";

/**
 * States what each center is paid, one after another in the order of their names, for they share the default fund; what
 * a center owes beyond what it earned is borne as row 15 says.
 */
export const create = step(
  z.object({ period: Period, buckets: z.int().min(1) }),
  async (access, { period, buckets }) => {
    const day = await closingDay(access, period);
    if (day === undefined) return { period, parts: buckets };
    const results = await readResults(access, places.bucket(period, 0).pk, buckets, BucketResult);
    const statements = withFacts(
      noStatements,
      results.flatMap(({ centers }) => centers),
    );
    let [count, payable] = [0, 0n];
    for (const [, statement] of [...statements].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const center = CenterId.parse(statement.party.slice("center:".length));
      if (statement.sums.size > 0) {
        const payout = await statePayout(access, day, center, statement);
        count += 1;
        payable += mills(payout.payable);
      }
      if (statement.reduction !== undefined) await reduceGuarantee(access, day, center, statement.reduction);
    }
    const result: Amounts = { count, payable: millsText(payable) };
    await saveResult(access, places.payouts(period), result);
    return { period, parts: buckets };
  },
);
export const handler = onLambda(create);

/** Every part may be repeated: what was drawn for the payout before is found, and what was stated stands. */
async function statePayout(
  access: Access,
  day: ClosingDay,
  center: CenterId,
  statement: Statement,
): Promise<PayoutData> {
  const known = await loadState(access.store, payoutDecider, streams.payout(center, day.period));
  const payout =
    known.state.phase === "unknown" ? await state(access, day, center, statement) : known.state.payout;
  const { fromGuarantee, fromDefaultFund, uncollectible } = payout;
  if ([fromGuarantee, fromDefaultFund, uncollectible].some((amount) => mills(amount) > 0n)) {
    const meta = closeCommand(access, day, `suspend/${payout.payout}`);
    const command = { type: "Suspend", payout: payout.payout, at: Date.parse(day.cutOff.at) } as const;
    await execute(access.store, centerDecider, streams.center(center), command, meta);
  }
  return payout;
}

/** What the center asked back of its guarantee in the day, unless the day drew on it. */
async function reduceGuarantee(access: Access, day: ClosingDay, center: CenterId, requested: string) {
  const meta = closeCommand(access, day, `reduce/${payoutId(center, day.period)}`);
  const command = { type: "ReduceGuarantee", requested } as const;
  await execute(access.store, centerDecider, streams.center(center), command, meta);
}

async function state(
  access: Access,
  day: ClosingDay,
  center: CenterId,
  statement: Statement,
): Promise<PayoutData> {
  const { state: known } = await loadState(access.store, centerDecider, streams.center(center));
  if (known.phase === "unknown") throw new Error(`center ${center} earned and never joined`);
  const at = { period: day.period, at: day.cutOff.at };
  const borne = await bear(access, day, center, statement, mills(known.guarantee ?? millsText(0n)));
  const payout = payoutOf(center, known.spec.owner, statement, at, borne);
  const meta = closeCommand(access, day, `payout/${payout.payout}`);
  const stream = streams.payout(center, day.period);
  const done = await execute(access.store, payoutDecider, stream, { type: "State", payout }, meta);
  if (!("state" in done) || done.state.phase === "unknown")
    throw new Error(`payout ${payout.payout} was not stated`);
  return done.state.payout;
}

/**
 * Takes what the center owes beyond what it earned from its guarantee, then from the default fund, then back from its
 * recipients; what they gave back to it already is carried to its next payout.
 */
async function bear(
  access: Access,
  day: ClosingDay,
  center: CenterId,
  statement: Statement,
  guarantee: bigint,
): Promise<Borne> {
  const { carried, ...debt } = dayDebtOf(statement);
  if (debt.owed <= debt.earned) return { ...coverDebt({ ...debt, guarantee: 0n, defaultFund: 0n }), carried };
  const payout = payoutId(center, day.period);
  const fund = (await loadState(access.store, fundDecider, streams.fund())).state;
  const drawn = {
    guarantee: await drawnFromGuarantee(access, center, payout),
    fund: fund.drawn.get(payout),
  };
  // Where the fund was asked already, the guarantee had nothing left then: one that was posted since is not drawn.
  const cover = coverDebt({
    ...debt,
    guarantee: drawn.guarantee ?? (drawn.fund === undefined ? guarantee : 0n),
    defaultFund: drawn.fund ?? fund.left,
  });
  const meta = (what: string) => closeCommand(access, day, `${what}/${payout}`);
  if (cover.fromGuarantee > 0n && drawn.guarantee === undefined) {
    const command = { type: "DrawGuarantee", payout, mills: millsText(cover.fromGuarantee) } as const;
    await execute(access.store, centerDecider, streams.center(center), command, meta("guarantee"));
  }
  if (cover.fromDefaultFund > 0n && drawn.fund === undefined) {
    const command = { type: "Draw", payout, center, mills: millsText(cover.fromDefaultFund) } as const;
    await execute(access.store, fundDecider, streams.fund(), command, meta("fund"));
  }
  const uncollectible = await takeBack(access, day, statement, payout, cover.uncollectible);
  return { ...cover, uncollectible, carried: carried + cover.uncollectible - uncollectible };
}

async function drawnFromGuarantee({ log }: Access, center: CenterId, payout: PayoutData["payout"]) {
  const commits = await log.load(streams.center(center));
  for (const event of commits.flatMap(({ events }) => events))
    if (event.type === "GuaranteeDrawn" && event.data.payout === payout) return mills(event.data.mills);
  return undefined;
}
