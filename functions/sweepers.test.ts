import { describe, expect, test } from "vitest";
import { contextOf, envOf, load, placeJob, startExchange } from "../test/exchange-in-memory.ts";
import { createHost } from "./kit/host.ts";
import { functions } from "./manifest.ts";

function spec(name: string) {
  const found = functions.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no function ${name}`);
  return found;
}

describe("what looks through all there is", () => {
  test.each(["scan-log", "sweep-workflows"])("has all the time that Lambda gives: %s", (name) => {
    expect(spec(name).timeoutSeconds).toBe(900);
  });

  test("asks Step Functions for nothing where a workflow waits: its starts are few, and others need them", async () => {
    const exchange = await startExchange();
    const { job, placement } = await placeJob(exchange);
    await exchange.pump();
    const keys = { job, placement };
    await exchange.invoke("await-job", { ...keys, awaited: "started", token: "t-1", timeoutSeconds: 600 });
    const asked: (string | undefined)[] = [];
    const { clock, database } = exchange;
    const start = async ({ name }: { readonly name?: string }) => {
      asked.push(name);
      return false;
    };
    const host = createHost({ clock, database, workflows: { start, succeed: async () => true } });
    const sweep = (await load(spec("sweep-workflows")))(envOf(spec("sweep-workflows")), host);
    await sweep({}, contextOf("sweep-workflows"));
    expect(asked.filter((name) => name?.startsWith(placement))).toEqual([]);
  });
});
