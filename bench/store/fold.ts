import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { Database } from "../../events/store/dynamo.ts";
import { createStore, executeMany, loadState } from "../../events/store/execute.ts";
import { createEventLog } from "../../events/store/log.ts";
import { type AccountState, accountDecider } from "../../market/account.ts";
import { median } from "../spread.ts";
import { accountCommand, accountStream, metaOf } from "./sample-commands.ts";

/** Events per second. */
export interface FoldRates {
  readonly events: number;
  readonly commits: number;
  /** Read from the database, parsed against the catalog, and folded. */
  readonly loadAndEvolve: number;
  readonly evolve: number;
}

/** One account's day of so many events, in commits as large as they get. */
export async function measureFold(database: Database, events: number, rounds: number): Promise<FoldRates> {
  const account = `fold-${events}`;
  const stream = accountStream(account);
  const log = createEventLog(database, "log");
  const writer = createStore(log, { random: Math.random });
  for (let from = 0; from < events; from += 5_000) {
    const length = Math.min(5_000, events - from);
    const items = Array.from({ length }, (_, n) => ({
      command: accountCommand(account, from + n),
      commandId: `command-${from + n}`,
    }));
    await executeMany(writer, accountDecider, stream, items, metaOf("bench"));
  }
  const commits = await log.load(stream);
  const all = commits.flatMap((commit) => commit.events);
  if (all.length !== events) throw new Error(`${all.length} events instead of ${events}`);
  const loads: number[] = [];
  const evolves: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const reader = createStore(log, { random: Math.random });
    loads.push(await perSecond(events, () => loadState(reader, accountDecider, stream)));
    evolves.push(await perSecond(events, async () => evolveAll(all)));
  }
  return { events, commits: commits.length, loadAndEvolve: median(loads), evolve: median(evolves) };
}

function evolveAll(events: readonly DomainEvent[]): AccountState {
  let state = accountDecider.initial;
  for (const event of events) if (isOfAccount(event)) state = accountDecider.evolve(state, event);
  return state;
}

type AccountEvent = Parameters<typeof accountDecider.evolve>[1];

function isOfAccount(event: DomainEvent): event is AccountEvent {
  return event.type === "AccountOpened" || event.type === "FundsHeld" || event.type === "HoldSettled";
}

async function perSecond(count: number, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (count * 1000) / (performance.now() - began);
}
