import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import dynalite from "dynalite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createDynamoDatabase } from "../../events/store/dynamo.ts";
import { type DatabaseProcess, startDatabase } from "./database-process.ts";

const tables = [{ name: "facts", keys: { pk: "S" } }] as const;
const source = new URL("./database-process.ts", import.meta.url).href;
const childSource = new URL("./dynalite-child.ts", import.meta.url);

let folder: string;
let path: string;
let opened: DatabaseProcess[];
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "database-process-"));
  path = join(folder, "database");
  opened = [];
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  for (const database of opened) await database.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(): Promise<DatabaseProcess> {
  const database = await startDatabase(path, tables);
  opened.push(database);
  return database;
}

const pidOfDatabase = () => Number(readFileSync(join(folder, "database.pid"), "utf8"));

/** Another exchange's database: gives the exchange, once it has written a fact. */
async function another(): Promise<ChildProcess> {
  const program = `
    const { startDatabase } = await import(${JSON.stringify(source)});
    const { database } = await startDatabase(process.argv[2], ${JSON.stringify(tables)});
    await database.put("facts", { pk: "first", said: "before" });
    console.log("written");`;
  const file = join(folder, "another.mjs");
  writeFileSync(file, program);
  const child = spawn(process.execPath, [file, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await once(child.stdout, "data");
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

describe("the database's process", () => {
  test("keeps what it was told, over a kill of its exchange, whose process it follows", async () => {
    const exchange = await another();
    await killed(exchange);
    const { database } = await open();
    expect(await database.get("facts", { pk: "first" })).toEqual({ pk: "first", said: "before" });
  });

  test.skipIf(process.platform === "win32")(
    "waits for that of a killed exchange, which may have the files open still",
    async () => {
      const exchange = await another();
      const old = pidOfDatabase();
      process.kill(old, "SIGSTOP");
      try {
        await killed(exchange);
        let isOpen = false;
        const next = open().then((database) => {
          isOpen = true;
          return database;
        });
        // The new process is there and waits: its own database would listen by now, as this one does.
        const other = await startDatabase(join(folder, "elsewhere", "database"), tables);
        await other.close();
        expect([isOpen, pidOfDatabase()]).toEqual([false, old]);
        process.kill(old, "SIGCONT");
        const { database } = await next;
        expect(await database.get("facts", { pk: "first" })).toEqual({ pk: "first", said: "before" });
      } finally {
        process.kill(old, "SIGCONT");
      }
    },
  );

  test("says so when it has ended, whoever ended it", async () => {
    const { ended } = await open();
    process.kill(pidOfDatabase(), "SIGKILL");
    await expect(ended).rejects.toThrow("the database's process ended with SIGKILL");
  });

  test("ends when its exchange died before it was ready to notice", async () => {
    const child = fork(childSource, [path], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    children.push(child);
    child.disconnect();
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

describe("a table that a killed process was about to make", () => {
  test("is made in full by the next one", async () => {
    // Its engine was killed between the two writes that make a table.
    const server = dynalite({ path, createTableMs: 3_600_000 });
    const unfinished = createDynamoDatabase({ region: "local", endpoint: await listen(server) });
    await unfinished.createTable("facts", { pk: "S" });
    unfinished.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));

    const { database } = await open();

    await database.put("facts", { pk: "first", said: "now" });
    expect(await database.get("facts", { pk: "first" })).toEqual({ pk: "first", said: "now" });
  });
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}
