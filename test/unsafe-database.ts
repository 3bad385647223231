import type { Database } from "../events/store/dynamo.ts";

/** When a client of the database dies: at its n-th call, before or after the call took effect. */
export interface Crash {
  readonly call: number;
  readonly effective: boolean;
}

export class Crashed extends Error {
  override readonly name = "Crashed";
}

/**
 * The database as one client sees it that may crash: from then on every call fails.
 * @param step awaited before and after each call takes effect: whoever resolves it decides the interleaving
 */
export function unsafeDatabase(
  database: Database,
  step: () => Promise<unknown>,
  crash: Crash | undefined,
): Database {
  let calls = 0;
  const during = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    calls += 1;
    const here = crash !== undefined && calls >= crash.call;
    await step();
    if (here && !(calls === crash.call && crash.effective)) throw new Crashed();
    const result = await call();
    if (here) throw new Crashed();
    await step();
    return result;
  };
  return {
    get: (table, key) => during(() => database.get(table, key)),
    getMany: (table, keys) => during(() => database.getMany(table, keys)),
    put: (table, item, anyOf) => during(() => database.put(table, item, anyOf)),
    update: (table, key, set, anyOf) => during(() => database.update(table, key, set, anyOf)),
    remove: (table, key, anyOf) => during(() => database.remove(table, key, anyOf)),
    query: (table, range) => during(() => database.query(table, range)),
    async *scan(table, attributes) {
      await during(async () => undefined);
      yield* database.scan(table, attributes);
    },
    createTable: (table, keys) => database.createTable(table, keys),
    close: () => undefined,
  };
}
