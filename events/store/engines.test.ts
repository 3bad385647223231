import { describe, test } from "vitest";
import { createTables, startDynalite, type TestDatabase, testTables } from "../../test/dynalite.ts";
import { findDynoxide, startDynoxide } from "../../test/dynoxide.ts";
import { describeDatabase, type Engine } from "./database.contract.ts";
import { describeEventLog } from "./log.contract.ts";
import { createEventLog } from "./log.ts";
import { createMemoryDatabase } from "./memory-database.ts";

async function startMemory(): Promise<Engine> {
  const database = createMemoryDatabase();
  await createTables(database);
  return { database, stop: async () => database.close() };
}

function describeEngine(name: string, start: () => Promise<Engine | TestDatabase>): void {
  describeDatabase(name, start, testTables.views);
  describeEventLog(name, async () => {
    const engine = await start();
    return { log: createEventLog(engine.database, testTables.log), stop: () => engine.stop() };
  });
}

describeEngine("in memory", startMemory);
describeEngine("dynalite", () => startDynalite());

const dynoxide = findDynoxide();
if (dynoxide !== undefined) describeEngine("dynoxide", () => startDynoxide(dynoxide));
else
  describe("dynoxide", () =>
    test.skip("is not installed: its package is optional and for linux-x64 only", () => {}));
