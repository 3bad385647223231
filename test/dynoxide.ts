import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createDynamoDatabase } from "../events/store/dynamo.ts";
import { createTables, type TestDatabase } from "./dynalite.ts";

/** Where the optional package has put its program; undefined on systems without it. */
export function findDynoxide(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("@dynoxide/linux-x64/dynoxide");
  } catch {
    return undefined;
  }
}

/** Starts Dynoxide, a DynamoDB on SQLite, as a child process with empty tables in memory. */
export async function startDynoxide(program: string): Promise<TestDatabase> {
  const port = await freePort();
  const child = spawn(program, ["serve", "--port", String(port)], { stdio: "ignore" });
  const gone = once(child, "exit");
  const endpoint = `http://127.0.0.1:${port}`;
  const connect = () => createDynamoDatabase({ region: "local", endpoint });
  await Promise.race([listening(endpoint), gone.then(() => Promise.reject(new Error("dynoxide ended")))]);
  const database = connect();
  await createTables(database);
  const stop = async () => {
    database.close();
    child.kill();
    await gone;
  };
  return { database, endpoint, connect, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no free port");
  server.close();
  await once(server, "close");
  return address.port;
}

async function listening(endpoint: string): Promise<void> {
  for (;;) {
    try {
      await fetch(endpoint);
      return;
    } catch {
      await sleep(20);
    }
  }
}
