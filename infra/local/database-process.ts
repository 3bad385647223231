import { fork } from "node:child_process";
import { once } from "node:events";
import { createDynamoDatabase, type Database } from "../../events/store/dynamo.ts";
import { region } from "./resources.ts";
import type { Wiring } from "./wiring.ts";

export interface DatabaseProcess {
  readonly database: Database;
  /** Rejects when the process has ended. */
  readonly ended: Promise<never>;
  close(): Promise<void>;
}

/** dynalite in a process of its own, for it can use the other core; ends when this process ends, however it ends. */
export async function startDatabase(folder: string, tables: Wiring["tables"]): Promise<DatabaseProcess> {
  const child = fork(new URL("dynalite-child.ts", import.meta.url), [folder], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`the database's process ended with ${signal ?? `code ${code}`}`);
  });
  ended.catch(() => undefined);
  const [port] = await Promise.race([once(child, "message"), ended]);
  const database = createDynamoDatabase({
    region,
    endpoint: `http://127.0.0.1:${Number(port)}`,
    maxSockets: 64,
  });
  for (const { name, keys } of tables) await database.createTable(name, keys);
  return {
    database,
    ended,
    async close() {
      database.close();
      if (child.connected) child.disconnect();
      await ended.catch(() => undefined);
    },
  };
}
