import type { Server } from "node:http";
import dynalite from "dynalite";
import { createDynamoDatabase, type Database } from "../events/store/dynamo.ts";
import { type TableName, tableKeys } from "../events/store/tables.ts";

/** Names of the exchange's tables on an engine of the tests. */
export const testTables: Readonly<Record<TableName, string>> = {
  log: "test-log",
  feed: "test-feed",
  marks: "test-marks",
  views: "test-views",
  operations: "test-operations",
};

export interface TestDatabase {
  readonly database: Database;
  readonly endpoint: string;
  /** Another client of the same engine. */
  connect(): Database;
  stop(): Promise<void>;
}

/** Starts dynalite on a free port with empty tables. @param path folder of its data; absent: in memory. */
export async function startDynalite(path?: string): Promise<TestDatabase> {
  const server = dynalite({ createTableMs: 0, ...(path === undefined ? {} : { path }) });
  const endpoint = await listen(server);
  const connect = () => createDynamoDatabase({ region: "local", endpoint });
  const database = connect();
  await createTables(database);
  const stop = async () => {
    database.close();
    server.closeAllConnections();
    await new Promise<void>((resolve, reject) =>
      server.close((error) => (error ? reject(error) : resolve())),
    );
  };
  return { database, endpoint, connect, stop };
}

/** Makes all tables that are not there yet. */
export async function createTables(database: Database): Promise<void> {
  const names: readonly TableName[] = ["log", "feed", "marks", "views", "operations"];
  for (const name of names) await database.createTable(testTables[name], tableKeys[name]);
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("dynalite has no port"));
      else resolve(`http://127.0.0.1:${address.port}`);
    });
  });
}
