import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { Operation } from "../functions/contract/operation.ts";
import { operations } from "../functions/contract/operations.ts";
import { type CommandLine, createCommandLine } from "../test/command-line.ts";

// Every operation of the contract is reachable, and what is sent is what the contract takes.

/** The command for each operation: one that is added to the contract does not compile, or fails, until it has one. */
const commands: Readonly<Record<keyof typeof operations, string>> = {
  postOffer:
    "offer post --center wuhan --product a100-80g --cards 8 --from 100 --to 200 --reserve 150 --reclaim-notice 20",
  listOffers: "offer list --limit 3 --cursor c1",
  getOffer: "offer get o1",
  drawReserve: "offer draw o1 --cards 4 --from 100 --to 120 --if-match 2",
  withdrawOffer: "offer withdraw o1 --if-match 2",
  reclaimOffer: "offer reclaim o1 --from 150 --cards 4 --if-match 2",
  postJob:
    "job post --name bert --session forward --kind split --product a100-80g:300:20 --product ascend910 --limit 250 --cards 8 --slots 10 --from 100 --to 200 --group either --parent j0 --home wuhan --data-gb 20 --region CN-HB --framework torch --max-latency-ms 2.5 --split 4:10:1.5 --extend-limit 240 --max-slots 30 --retries 2 --reclaimable --account acme",
  listJobs: "job list",
  getJob: "job get j1",
  cancelJob: "job cancel j1",
  explainJob: "why j1",
  postQuote:
    "quote --product a100-80g:300:20 --cards 8 --slots 10 --from 100 --to 200 --region CN-HB --reclaimable",
  listProducts: "market products",
  listCenters: "market centers",
  listPublishedOffers: "market offers",
  listPrices: "market prices --center wuhan --product a100-80g --from 100 --to 200",
  listAuctions: "market auctions",
  getAuction: "market auction 7",
  getCurves: "market curves 7",
  joinNetwork:
    "center join --center wuhan --name Wuhan --region CN-HB --home-region CN-HN --pool a100-80g:16:torch,mindspore --pue 1.25 --energy 500 --carbon 40 --grid-factor 520",
  getCenter: "center get wuhan",
  declareLinks: "center links wuhan --link xian:100:12.5:20 --key k1 --if-match 3",
  reportCapacity: "center capacity wuhan --pool a100-80g:16:4",
  postGuarantee: "center guarantee wuhan --cny 5000.5",
  reduceGuarantee: "center reduce-guarantee wuhan --mills 300",
  renewLease: "center lease wuhan",
  listAssignments: "center assignments wuhan --after 12 --limit 5",
  acceptPlacement: "placement accept j1.7 --center wuhan",
  refusePlacement: "placement refuse j1.7 --center wuhan",
  startPlacement: "placement start j1.7 --center wuhan --run 2",
  meterPlacement:
    "placement meter j1.7 --center wuhan --from 2026-03-02T02:00:00Z --to 2026-03-02T10:06 --card-seconds 2880 --checkpoint-at 2026-03-02T02:05:00Z",
  finishPlacement: "placement finish j1.7 --center wuhan --outcome failed --detail oom",
  openAccount: "account open acme --currency USD",
  getAccount: "account get acme",
  depositFunds: "account deposit acme --mills 5000000",
  setTaxRate: "account tax acme 6.5",
  listEntries: "account entries acme --period 2026-03-02",
  listHolds: "account holds acme --period 2026-03-02",
  readFeed: "feed tail",
  listPeriods: "period list --limit 3",
  getPeriod: "period get 2026-03-02",
  closePeriod: "finance close 2026-03-02",
  getLedger: "finance balance --period 2026-03-02",
  listLedgerEntries: "finance entries center:xian:payable --period 2026-03-02 --limit 3",
  listInvoices: "finance invoices --period 2026-03-02 --account acme --limit 3",
  getInvoice: "finance invoice acme 2026-03-02",
  listPayouts: "finance statements --period 2026-03-02 --center xian",
  getPayout: "finance statement xian 2026-03-02 --html page.html",
  payPayout: "finance pay xian 2026-03-02 --reference 20260303-17",
  listBreaks: "break list --status resolved --code wrongPrice --period 2026-03-02 --assignee ann --limit 3",
  getBreak: "break get b1",
  assignBreak: "break assign b1 ann --if-match 2",
  resolveBreak:
    "break resolve b1 --as corrected --refund-cny 1.5 --charge j1.7:end:100-110 --note twice --if-match 2",
  getFeedHead: "feed head",
  proveCharge: "feed prove j1.7:end:100-110",
  getDefaultFund: "default-fund get",
  contributeToDefaultFund: "default-fund contribute --cny 20000",
  getOpenApi: "openapi",
  getHealth: "health",
};

interface Asked {
  readonly operation: string | undefined;
  readonly faults: readonly string[];
}

const routes: readonly (readonly [Operation, RegExp])[] = Object.values(operations).map((operation) => [
  operation,
  new RegExp(`^${operation.path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`),
]);

function decoded(groups: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)]));
}

let server: Server;
let asked: Asked[] = [];
let shell: CommandLine;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "", "http://exchange");
    const [operation, pattern] = routes.find(
      ([{ method }, path]) => method === request.method && path.test(url.pathname),
    ) ?? [undefined, /(?!)/];
    const body = request.method === "GET" ? undefined : await json(request).catch(() => undefined);
    const fault = (name: string, schema: z.ZodType | undefined, value: unknown) => {
      const parsed = (schema ?? z.union([z.undefined(), z.strictObject({})])).safeParse(value);
      return parsed.success ? [] : [`${name}: ${parsed.error.message}`];
    };
    const needsKey = request.method === "POST" && request.headers["idempotency-key"] === undefined;
    asked.push({
      operation: operation?.id,
      faults: [
        ...fault("path", operation?.params, decoded(pattern.exec(url.pathname)?.groups)),
        ...fault("query", operation?.query?.strict(), Object.fromEntries(url.searchParams)),
        ...fault("body", operation?.body, body),
        ...(needsKey ? ["no key"] : []),
      ],
    });
    response.writeHead(404, { "content-type": "application/problem+json" });
    response.end(
      JSON.stringify({
        type: "about:blank",
        title: "Not Found",
        status: 404,
        code: "not-found",
        detail: "No.",
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  shell = createCommandLine();
  Object.assign(shell.env, { SUANWANG_URL: `http://127.0.0.1:${address.port}`, SUANWANG_TOKEN: "a.b.c" });
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  shell.remove();
});

test.each(Object.keys(operations))("%s has a command that sends what it takes", async (id) => {
  asked = [];
  const command = new Map(Object.entries(commands)).get(id);
  expect(await shell.suanwang(command ?? "")).toEqual({ code: 4, out: "", err: "not-found No.\n" });
  expect(asked).toEqual([{ operation: id, faults: [] }]);
});
