import { setTimeout as sleep } from "node:timers/promises";
import { ConflictError, createStore, execute } from "../events/store/execute.ts";
import { createFeed } from "../events/store/feed.ts";
import { createEventLog } from "../events/store/log.ts";
import { createMarks } from "../events/store/marks.ts";
import { createRelay } from "../events/store/relay.ts";
import { startDynalite, testTables } from "./dynalite.ts";
import { commandMeta, guaranteeDecider } from "./guarantee-decider.ts";

// A busy exchange to be killed: `store-child.ts FOLDER LIFE` runs the database in FOLDER, writers who append without
// end and relays whose wake-ups get lost, come twice or late. It tells each command that it has an answer for as a
// line `STREAM COMMAND`.

const [folder, life] = process.argv.slice(2);
if (folder === undefined || life === undefined) throw new Error("store-child.ts FOLDER LIFE");

const engine = await startDynalite(folder);
const streams = ["center-a", "center-b", "center-c", "center-d", "center-e"];
const pick = () => streams[Math.floor(Math.random() * streams.length)] ?? "center-a";

const relays = Array.from({ length: 3 }, () => {
  const database = engine.connect();
  return createRelay({
    log: createEventLog(database, testTables.log),
    feed: createFeed(database, testTables.feed),
    marks: createMarks(database, testTables.marks),
    random: Math.random,
    // Small pages, so that kills fall between the pages of one drain too.
    pageSize: 2_000,
  });
});

/** Of four wake-ups one is lost, one comes late, one goes to two relays. */
function wake(stream: string): void {
  const chance = Math.random();
  const relay = relays[Math.floor(Math.random() * relays.length)];
  if (chance < 0.25 || relay === undefined) return;
  if (chance < 0.5) void sleep(Math.random() * 30).then(() => relay.drain([stream]));
  else void relay.drain([stream]);
  if (chance > 0.75) void relays[0]?.drain([stream, pick()]);
}

/** Four writers on five streams can get in each other's way eight times: a client repeats the same command then. */
async function untilAnswered<Outcome>(attempt: () => Promise<Outcome>): Promise<Outcome> {
  for (;;)
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
}

async function write(writer: number): Promise<never> {
  const store = createStore(createEventLog(engine.connect(), testTables.log), { random: Math.random });
  for (let n = 0; ; n++) {
    const stream = pick();
    const commandId = `${life}-${writer}-${n}`;
    const mills = n % 2 === 0 ? 1n : -1n;
    const outcome = await untilAnswered(() =>
      execute(store, guaranteeDecider, stream, { mills }, commandMeta(commandId)),
    );
    if (outcome.kind !== "done") throw new Error(`command ${commandId}: ${outcome.kind}`);
    process.stdout.write(`${stream} ${commandId}\n`);
    wake(stream);
  }
}

// The scan at the start finds what the life before left; in every second life it is left to the wake-ups.
if (Number(life) % 2 === 0) void relays[0]?.scan();
await Promise.all([0, 1, 2, 3].map(write));
