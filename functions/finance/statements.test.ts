import { beforeAll, describe, expect, test } from "vitest";
import { ApiResult } from "../../test/api-document.ts";
import { closeTwoDays } from "../../test/closed-day.ts";
import { acme, alpha, apiEvent, finance, succeeds, walk } from "../../test/exchange-in-memory.ts";
import { type SeededExchange, seedExchange } from "../../test/seeded-exchange.ts";
import { operations } from "../contract/operations.ts";

const { listInvoices, getInvoice, listPayouts, getPayout, payPayout, getLedger, listLedgerEntries } =
  operations;
const period = "2026-03-02";
let world: SeededExchange;
beforeAll(async () => {
  world = await seedExchange();
  await closeTwoDays(world);
});

describe("invoices", () => {
  test("are listed newest day first, of a day or an account only, a page at a time", async () => {
    const all = await walk(world.exchange, listInvoices, finance, { query: { limit: 1 } });
    expect(all.map(({ invoice }) => invoice)).toEqual([
      "bolt-2026-03-03",
      "acme-2026-03-03",
      "bolt-2026-03-02",
      "acme-2026-03-02",
    ]);
    const of = async (query: Record<string, string | number>) =>
      (await walk(world.exchange, listInvoices, finance, { query: { limit: 1, ...query } })).map(
        ({ invoice }) => invoice,
      );
    expect(await of({ period })).toEqual(["bolt-2026-03-02", "acme-2026-03-02"]);
    expect(await of({ account: "acme" })).toEqual(["acme-2026-03-03", "acme-2026-03-02"]);
    expect(await of({ account: "acme", period })).toEqual(["acme-2026-03-02"]);
  });

  test("say where in the feed they come from, and can be had as a page", async () => {
    const params = { account: "acme", period };
    const invoice = await succeeds(world.exchange.call(getInvoice, acme, { params }));
    expect(invoice).toMatchObject({ gross: "800", corrections: [], feed: { after: 0 } });
    const ask = async (accept: string) => {
      const event = apiEvent(getInvoice, acme, { params });
      const sent = { ...event, headers: { ...event.headers, accept } };
      return ApiResult.parse(await world.exchange.invoke("getInvoice", sent));
    };
    const page = await ask("text/html,application/xhtml+xml,*/*;q=0.8");
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(page.body).toContain(invoice.feed.hash);
    for (const accept of ["application/json", "*/*", "application/json, text/html"])
      expect(JSON.parse((await ask(accept)).body)).toEqual(invoice);
  });
});

describe("payouts", () => {
  const params = { center: "c-left", period };
  const pay = (reference: string) => world.exchange.call(payPayout, finance, { params, body: { reference } });

  test("are paid once, and say by what", async () => {
    const { payable } = await succeeds(world.exchange.call(getPayout, alpha, { params }));
    const paid = await succeeds(pay("17"));
    expect(paid).toMatchObject({ payout: "c-left-2026-03-02", mills: payable, reference: "17" });
    expect(await succeeds(pay("17"))).toEqual(paid);
    expect((await pay("18")).problem).toMatchObject({ status: 409, code: "payout-paid" });
    const { reference, at } = paid;
    expect((await succeeds(world.exchange.call(getPayout, alpha, { params }))).paid).toEqual({
      reference,
      at,
    });
    await world.exchange.pump();
    const { items } = await succeeds(world.exchange.call(listPayouts, alpha));
    expect(items.map((one) => [one.payout, one.paid?.reference])).toEqual([
      ["c-left-2026-03-03", undefined],
      ["c-left-2026-03-02", "17"],
    ]);
  });
});

test("the ledger's balances are what its entries come to", async () => {
  const { items, position } = await succeeds(world.exchange.call(getLedger, finance));
  expect(items.length).toBeGreaterThan(5);
  for (const { account, debit, credit } of items) {
    const params = { account };
    const entries = await walk(world.exchange, listLedgerEntries, finance, { params, query: { limit: 3 } });
    const sum = (side: string) =>
      entries
        .filter((entry) => entry.side === side && entry.position <= position)
        .reduce((total, { mills }) => total + BigInt(mills), 0n);
    expect([account, sum("debit"), sum("credit")]).toEqual([account, BigInt(debit), BigInt(credit)]);
  }
});
