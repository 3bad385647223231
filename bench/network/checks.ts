import type { Scenario } from "../../agent/scenario/scenario.ts";
import type { Award } from "../../events/catalog/award.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { AccountId } from "../../events/catalog/values.ts";
import { valuesIn } from "../../market/layered-map.ts";
import { mills } from "../../market/money.ts";
import { chart } from "../../market/settlement/accounts.ts";
import { balanceOf } from "../../market/settlement/ledger.ts";
import { slotOf } from "../../market/time.ts";
import type { JobOutcome } from "../alone/metrics.ts";
import type { Simulated } from "./simulate.ts";

/** What must hold of every simulated month, read off its events and not off the book; gives what does not. */
export function faultsOf(
  scenario: Scenario,
  simulated: Simulated,
  outcomes: readonly JobOutcome[],
): string[] {
  return [
    ...cardsSoldTwice(scenario, simulated),
    ...moneyAstray(simulated),
    ...jobsAstray(simulated, outcomes),
    ...workAstray(outcomes),
  ];
}

/** Awards as far as they were in force, slot by slot, against the cards of each pool. */
function cardsSoldTwice(scenario: Scenario, { events, opening }: Simulated): string[] {
  const first = slotOf(opening);
  const slots = Math.max(0, ...scenario.offers.map(({ to }) => to));
  const sold = new Map<string, Int32Array>();
  const add = (award: Award, to: number, from: number, sign: 1 | -1) => {
    for (const fill of award.fills) {
      const pool = `${fill.center}/${fill.product}`;
      const row = sold.get(pool) ?? new Int32Array(slots);
      sold.set(pool, row);
      for (let slot = Math.max(fill.from, from); slot < Math.min(fill.to, to); slot++)
        row[slot - first] = (row[slot - first] ?? 0) + sign * fill.cards;
    }
  };
  const inForce = new Map<string, Award[]>();
  for (const event of events) {
    if (event.type === "JobPlaced" || event.type === "JobContinued") {
      const { award, job } = event.data;
      add(award, award.to, award.from, 1);
      inForce.set(job, [...(event.type === "JobPlaced" ? [] : (inForce.get(job) ?? [])), award]);
    }
    const over = endOf(event);
    if (over === undefined) continue;
    for (const award of inForce.get(over.job) ?? []) add(award, award.to, over.slot, -1);
    inForce.delete(over.job);
  }
  return scenario.centers.flatMap(({ center, pools }) =>
    pools.flatMap(({ product, cards }) => {
      const most = (sold.get(`${center}/${product}`) ?? new Int32Array(0)).reduce(
        (a, b) => Math.max(a, b),
        0,
      );
      return most > cards ? [`${center}/${product} sold ${most} of ${cards} cards`] : [];
    }),
  );
}

function endOf(event: DomainEvent): { job: string; slot: number } | undefined {
  switch (event.type) {
    case "JobCompleted":
    case "JobFailed":
    case "JobDisplaced":
      return event.data;
    default:
      return undefined;
  }
}

/**
 * Every mill that left an account came to another, the tenants' accounts say what the ledger says of them, and every
 * charge is settled: nothing is left where money only passes.
 */
function moneyAstray({ ledger, accounts }: Simulated): string[] {
  const sum = [...ledger.accounts.values()]
    .flatMap((accounts) => [...accounts.values()])
    .reduce((total, { debit, credit }) => total + credit - debit, 0n);
  const unbalanced = sum === 0n ? [] : [`credits exceed debits by ${sum} mills`];
  const tenants = [...accounts].flatMap(([id, { available, holds }]) => {
    const own = AccountId.parse(id);
    const free = balanceOf(ledger, chart.available(own));
    const held = valuesIn(holds).reduce((total, one) => total + mills(one.mills), 0n);
    const heldStated = balanceOf(ledger, chart.held(own));
    return [
      ...(available === free ? [] : [`${id} has ${available} mills, the ledger says ${free}`]),
      ...(held === heldStated ? [] : [`${id} holds ${held} mills, the ledger says ${heldStated}`]),
    ];
  });
  const passing = [chart.clearing, chart.fees, chart.penalties].flatMap((account) => {
    const left = balanceOf(ledger, account);
    return left === 0n ? [] : [`${left} mills are left in ${account}`];
  });
  return [...unbalanced, ...tenants, ...passing];
}

/** Every job has one outcome, and none ended without its work done. */
function jobsAstray({ works }: Simulated, outcomes: readonly JobOutcome[]): string[] {
  const known = new Set(outcomes.map(({ job }) => job.key));
  const failed = outcomes.filter(({ state }) => state === "failed");
  return [
    ...(known.size === works.size && outcomes.length === works.size
      ? []
      : [`${works.size} jobs were requested, ${outcomes.length} have an outcome`]),
    ...failed.map(({ job }) => `${job.key} failed`),
  ];
}

/** A completed job ran for as long as its work takes; what an outage lost comes on top. */
function workAstray(outcomes: readonly JobOutcome[]): string[] {
  return outcomes
    .filter(({ state }) => state === "completed")
    .flatMap(({ job, segments }) => {
      const useful = segments.reduce((sum, each) => sum + each.usefulTo - each.from, 0);
      return useful === job.durationSeconds
        ? []
        : [`${job.key} needs ${job.durationSeconds} s and was given ${useful} s`];
    });
}
