import { expect, test } from "vitest";
import { createMemoryDatabase } from "../../events/store/memory-database.ts";
import { createTables, testTables } from "../../test/dynalite.ts";
import { withClaimedKey } from "./claimed-key.ts";
import { problem } from "./problems.ts";

/** Claims the key `k` with a body. */
async function start() {
  const database = createMemoryDatabase();
  await createTables(database);
  const operations = { database, operationsTable: testTables.operations };
  const meta = { commandId: "k", actor: "tenant:acme", causationId: "r-1", correlationId: "k" };
  return <Result>(body: string, work: () => Promise<Result>) =>
    withClaimedKey(operations, { ...meta, time: "2026-03-02T02:00:30Z", requestHash: body }, work);
}

const refused = problem(409, "taken", "It is taken.", "/account");
const reused = { problem: { status: 422, code: "idempotency-key-reused" } };

test.each(["first", "last"])(
  "a key of two requests at once, of which one is refused, %s, is bound",
  async (when) => {
    const claim = await start();
    const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const losing = async () => one.promise.then(() => Promise.reject(refused));
    const loser = { end: one.resolve, ends: expect(claim("a", losing)).rejects.toBe(refused) };
    const winning = async () => other.promise.then(() => "opened");
    const winner = { end: other.resolve, ends: expect(claim("a", winning)).resolves.toBe("opened") };
    for (const { end, ends } of when === "first" ? [loser, winner] : [winner, loser]) {
      end();
      await ends;
    }
    await expect(claim("b", async () => "opened too")).rejects.toMatchObject(reused);
  },
);

test("a key of two requests at once that are both refused is free", async () => {
  const claim = await start();
  const refuse = async () => Promise.reject(refused);
  const both = [claim("a", refuse), claim("a", refuse)].map((one) => expect(one).rejects.toBe(refused));
  await Promise.all(both);
  await expect(claim("b", async () => "opened")).resolves.toBe("opened");
});

test("a key is bound by what failed otherwise, for that may have appended", async () => {
  const claim = await start();
  await expect(claim("a", async () => Promise.reject(new Error("killed")))).rejects.toThrow("killed");
  await expect(claim("b", async () => "opened")).rejects.toMatchObject(reused);
  await expect(claim("a", async () => "opened")).resolves.toBe("opened");
});
