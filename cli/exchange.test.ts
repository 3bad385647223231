import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { type Exchange, startExchange } from "../infra/local/exchange.ts";
import { type CommandLine, createCommandLine } from "../test/command-line.ts";

// The program against a real exchange, as members use it; the tests go on with what those before them made.

const slotMs = 360_000;
/** Half a minute after ten in Shanghai: a gate has just passed. */
const startAt = Date.parse("2026-03-02T02:00:30Z");
const launcher = new URL("suanwang.mjs", import.meta.url).pathname;

let exchange: Exchange;
let shell: CommandLine;
const spawned: ChildProcess[] = [];

beforeAll(async () => {
  shell = createCommandLine();
  const data = join(shell.folder, "data");
  exchange = await startExchange({ dataDir: data, port: 0, startAt });
  for (const [owner, role] of [
    ["wuhan-computing", "center"],
    ["clearing-house", "finance"],
    ["acme", "tenant"],
  ])
    await ok(`login --data ${data} --url ${exchange.url} --profile ${role} --owner ${owner} --role ${role}`);
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const child of spawned.splice(0)) child.kill("SIGKILL");
});
afterAll(async () => {
  await exchange.close();
  shell.remove();
});

/** What a command prints that must succeed. */
async function ok(words: string, stdin?: string): Promise<string> {
  const { code, out, err } = await shell.suanwang(words, stdin === undefined ? {} : { stdin });
  expect({ words, code, err }).toEqual({ words, code: 0, err: "" });
  return out;
}

const jsonOf = async (words: string, stdin?: string) => JSON.parse(await ok(`${words} -o json`, stdin));

function instantOf(slot: number): string {
  return new Date(slot * slotMs).toISOString();
}

/** To a slot's gate and past its auction. A sign of life on the way keeps the center on the market. */
async function goTo(slot: number): Promise<void> {
  while (Math.floor(exchange.time.now() / slotMs) < slot) {
    await ok("center lease wuhan --profile center");
    await exchange.time.jumpTo((Math.floor(exchange.time.now() / slotMs) + 1) * slotMs + 3_000);
  }
}

/** The program as a process of its own. */
function start(words: string) {
  const env = { ...shell.env, PATH: process.env.PATH };
  const child = spawn(process.execPath, [launcher, ...words.split(" ")], {
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  spawned.push(child);
  return { child, out: text(child.stdout), err: text(child.stderr), exited: once(child, "exit") };
}

/** The program with nothing: no profile, no URL. */
async function alone(words: string) {
  const env = { PATH: process.env.PATH, HOME: join(shell.folder, "nobody") };
  const child = spawn(process.execPath, [launcher, ...words.split(" ")], { env });
  spawned.push(child);
  const exited = once(child, "exit");
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { code, out, err };
}

const slot = Math.floor(startAt / slotMs);
let job = "";
let placement = "";

describe("a market, from its first center to its first charge", () => {
  test("a center joins and offers", async () => {
    const joined = await ok(
      "center join --profile center --center wuhan --name Wuhan --region CN-HB --pool a100-80g:16 --pue 1.25 --energy 0 --key join",
    );
    expect(joined).toBe(
      [
        "center     wuhan",
        "name       Wuhan",
        "status     joined",
        "region     CN-HB",
        "pools      a100-80g 16",
        "PUE        1.250",
        "energy     0 mills/kWh",
        "links",
        "guarantee  0.000 CNY",
        "version    1",
        "",
      ].join("\n"),
    );
    expect(await ok("center lease wuhan --profile center")).toMatch(
      /^center {3}wuhan\nuntil {4}2026-03-02 10:/,
    );
    const offer = await jsonOf(
      "offer post --profile center --center wuhan --product a100-80g --cards 16 --reserve 100 --to +1d",
    );
    expect(offer).toMatchObject({ center: "wuhan", cards: 16, reserve: 100, from: slot + 1, to: slot + 240 });
    // Lists are made from the feed, a moment later.
    await exchange.time.jumpTo(exchange.time.now());
    expect(
      (await ok("offer list --profile center")).replace(offer.offer, "OFFER".padEnd(26)),
    ).toMatchInlineSnapshot(`
      "offer                       center  product   cards  market time                          reserve CNY/card-h  kind  status
      OFFER                       wuhan   a100-80g     16  2026-03-02 10:06 – 2026-03-03 10:00                1.00        open
      "
    `);
  });

  test("money is deposited by finance, once however often it is said", async () => {
    expect(await ok("account open")).toContain("available  0.000 CNY\n");
    await ok("account deposit acme --cny 1000 --key first --profile finance");
    await ok("account deposit acme --cny 1000 --key first --profile finance");
    expect(await ok("account get acme")).toContain("available  1,000.000 CNY\n");
  });

  test("an amount in CNY is not deposited as one in another currency", async () => {
    const words = "account deposit acme --cny 5 --currency USD --profile finance";
    expect(await shell.suanwang(words)).toMatchObject({
      code: 2,
      err: "usage --currency: --cny is an amount in CNY: give --mills of USD\n",
    });
    expect(await ok("account get acme")).toContain("available  1,000.000 CNY\n");
  });

  test("a file is quoted and then posted, with options over it", async () => {
    const file = join(shell.folder, "bert.yaml");
    writeFileSync(
      file,
      "name: bert\nproducts: [{ product: a100-80g, limit: 300 }]\ncards: 8\nslots: 10\nfrom: +1\nto: +4h\nhome: wuhan\n",
    );
    expect(await ok(`quote -f ${file}`)).toMatchInlineSnapshot(`
      "center  product   market time               CNY/card-h  cost CNY  basis    limit
      wuhan   a100-80g  2026-03-02 10:12 – 11:12        1.00     8.000  offered  suffices
      such a job holds 24.000 CNY before tax
      "
    `);
    expect(await ok(`quote -f ${file} --cards 17`)).toBe(
      "no pool sells so many cards for so long in this window\nsuch a job holds 51.000 CNY before tax\n",
    );
    const posted = await jsonOf(
      `job post -f - --limit 500 --product a100-80g --key bert-1`,
      readFileSync(file, "utf8"),
    );
    expect(posted).toMatchObject({
      status: "open",
      hold: "40000",
      spec: {
        name: "bert",
        kind: "block",
        session: "spot",
        cards: 8,
        maxSlots: 10,
        from: slot + 1,
        to: slot + 40,
      },
    });
    job = posted.job;
  });

  test("it is watched until it is placed, a line for each change", async () => {
    const polls: number[] = [];
    const { code, out, err } = await shell.suanwang(`job get ${job} --watch --until placed --interval 7`, {
      sleep: async (ms) => {
        polls.push(ms);
        await goTo(slot + 1);
      },
    });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^2026-03-02 10:00:30 {2}open\n2026-03-02 10:06:\d\d {2}placed {5}wuhan {2}2026-03-02 10:\d\d – 11:\d\d\n$/,
    );
    expect(polls).toEqual([7000]);
    const { awards } = await jsonOf(`job get ${job}`);
    placement = awards[0].placement;
    expect(await ok(`why ${job}`)).toMatch(
      /^It is placed at wuhan until 2026-03-02 11:\d\d:00\.\n\nauction {2}answer.*\n +\d+ {2}won/,
    );
  });

  test("the center runs it, and it is charged", async () => {
    const seen = await jsonOf("center assignments wuhan --profile center");
    expect(seen.changes).toMatchObject([{ change: "placed", job, placement }]);
    const { from, to } = seen.changes[0];
    const at = `${placement} --center wuhan --profile center`;
    await ok(`placement accept ${at}`);
    await goTo(from);
    expect(await ok(`placement start ${at}`)).toContain("status     running\n");
    await goTo(to);
    const ran = `--from ${instantOf(from)} --to ${instantOf(to)}`;
    await ok(`placement meter ${at} ${ran} --card-seconds 28800`);
    expect(await ok(`placement finish ${at} --outcome completed`)).toContain("status     completed\n");
    await exchange.time.jumpTo(exchange.time.now());
    expect(await ok(`job get ${job} --watch`)).toMatch(/ {2}completed\n$/);
    const entries = await ok("account entries acme");
    expect(entries).toMatch(/^market time {10}entry {6}available {5}held {2}of\n/);
    expect(entries).toMatch(/settled +\d+\.\d{3} +-40\.000 {2}\S+\n$/);
  });
});

describe("output", () => {
  test("in JSON and YAML is the API's answer, field for field", async () => {
    const token = JSON.parse(
      readFileSync(join(shell.env.XDG_CONFIG_HOME ?? "", "suanwang/profiles.json"), "utf8"),
    ).profiles.tenant.token;
    const answer = async (path: string) =>
      (await fetch(new URL(path, exchange.url), { headers: { authorization: `Bearer ${token}` } })).json();
    for (const [words, path] of [
      [`job get ${job}`, `/jobs/${job}`],
      ["job list --limit 5", "/jobs?limit=5"],
      ["market centers", "/market/centers"],
      ["account entries acme", "/accounts/acme/entries"],
    ] as const) {
      const wanted = await answer(path);
      expect(await ok(`${words} -o json`)).toBe(`${JSON.stringify(wanted, null, 2)}\n`);
      expect(parse(await ok(`--output=yaml ${words}`))).toEqual(wanted);
    }
  });

  test("of a list follows its pages to the end if asked to", async () => {
    for (const key of ["2", "3"])
      await ok(`job post --product a100-80g:1 --cards 1 --slots 1 --to +2h --home wuhan --key ${key}`);
    await exchange.time.jumpTo(exchange.time.now());
    const first = await jsonOf("job list --limit 1");
    expect(await ok("job list --limit 1")).toContain(`more: --cursor ${first.next}\n`);
    const all = await jsonOf("job list --limit 1 --all");
    expect(all.items).toEqual((await jsonOf("job list")).items);
    expect(all.items).toHaveLength(3);
    expect(all).not.toHaveProperty("next");
  });

  test("of prices and auctions is aligned for people", async () => {
    const prices = await ok(
      "market prices --center wuhan --product a100-80g --from 2026-03-02T10:06 --to 2026-03-02T10:30",
    );
    expect(prices.split("\n")[0]).toBe("market time          slot  CNY/card-h  cards sold  auction");
    for (const line of prices.trimEnd().split("\n").slice(1))
      expect(line).toMatch(/^2026-03-02 10:\d\d {2}\d{7} {8}\d\.\d\d {2,}\d+ {2,}\d+$/);
    expect(await ok("market auction 1")).toContain("status      cleared\n");
    expect(await ok("market curves 2")).toMatch(/^curve {3}CNY\/card-h {2}card-slots\ndemand/);
  });
});

describe("what is watched", () => {
  /** Lets the program look so many times, then ends it as Ctrl-C would. */
  const looks = (times: number, between: () => Promise<void> = async () => undefined) => {
    let left = times;
    return async () => {
      left -= 1;
      if (left === 0) throw new Error("enough");
      await between();
    };
  };

  test("comes once each and in order: assignments as lines of JSON, from where they are known", async () => {
    const { changes } = await jsonOf("center assignments wuhan --profile center");
    const { out } = await shell.suanwang("center assignments wuhan --profile center --watch -o json", {
      sleep: looks(3),
    });
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(changes);
  });

  test("are auctions, with each status that they take", async () => {
    const before = (await jsonOf("market auctions --limit 2")).items[0].auction;
    const { out } = await shell.suanwang("market auctions --limit 2 --watch -o yaml", {
      sleep: looks(2, () => goTo(Math.floor(exchange.time.now() / slotMs) + 1)),
    });
    const numbers = parseAllDocuments(out).map((document) => document.toJS().auction);
    expect(numbers).toEqual([before - 1, before, before + 1]);
  });

  test("is a job that cannot come to what is waited for any more: that has a code of its own", async () => {
    const posted = await jsonOf("job post --product a100-80g:1 --cards 1 --slots 1 --to +2h --home wuhan");
    await ok(`job cancel ${posted.job}`);
    await goTo(Math.floor(exchange.time.now() / slotMs) + 1);
    expect(await shell.suanwang(`job get ${posted.job} --watch --until placed`)).toMatchObject({
      code: 8,
      err: "never-reached The job is cancelled: it will not be placed any more.\n",
    });
    expect((await shell.suanwang(`job get ${posted.job} --watch`)).code).toBe(0);
  });

  test("ends with Ctrl-C and code 130, and prints plain lines to a pipe until then", async () => {
    const { child, exited, err } = start("feed tail -n 1000 --follow --profile finance");
    const [first] = await once(child.stdout, "data");
    expect(String(first)).toMatch(/^1 {2}2026-03-02 10:00:30 {2}\S+@1 {2}\w+/);
    child.kill("SIGINT");
    expect(await exited).toEqual([130, null]);
    expect(await err).toBe("");
  });
});

test("a search that has not come to the newest page says that there may be more", async () => {
  for (let n = 0; n < 20; n++) await ok(`account deposit acme --mills 1 --key ${n} --profile finance`);
  await exchange.time.jumpTo(exchange.time.now());
  const words = "finance entries center:nobody:payable --profile finance";
  expect(await ok(words)).toMatch(/^nothing so far\nmore: --cursor \S+\n$/);
  expect(await ok(`${words} --all`)).toBe("nothing\n");
});

describe("errors", () => {
  test.each([
    ["offer get nope --profile center", 4, "not-found There is no offer nope of yours.\n"],
    ["feed tail", 5, "role-missing readFeed takes one of the roles finance, operator.\n"],
    [
      "job post --cards 8 --profile nobody",
      2,
      "no-profile There is no profile nobody: suanwang login --profile nobody.\n",
    ],
    [
      "job post --cards 1.5",
      2,
      "usage option '--cards <n>' argument '1.5' is invalid. Give a whole number.\n",
    ],
    ["job", 2, "usage suanwang job takes a command: post, get, list, cancel\n"],
    ["job pst", 2, "usage unknown command 'pst' (Did you mean post?)\n"],
    ["job list --limit 1000", 3, "invalid-request query/limit: Too big: expected number to be <=200\n"],
    [
      "job post --product a100-80g:1 --cards 0 --slots 1 --to +1h --home wuhan",
      3,
      "invalid-request /cards: Too small: expected number to be >=1\n",
    ],
    ["job post -f /nowhere", 2, "usage --file: cannot read /nowhere\n"],
    ["market prices --center wuhan --product a100-80g --from soon", 2, undefined],
  ])("of %j are a line with code, field and fix", async (words, code, err) => {
    const ran = await shell.suanwang(words);
    expect(ran).toMatchObject({ code, out: "" });
    expect(ran.err.split("\n")).toHaveLength(2);
    if (err !== undefined) expect(ran.err).toBe(err);
  });

  test("have a line for each field at fault", async () => {
    const { code, err } = await shell.suanwang("job post -f - --cards 0", {
      stdin: "{limits: 3, slots: 0, to: +1h}",
    });
    expect(code).toBe(3);
    expect(err.split("\n").map((line) => line.split(":")[0])).toEqual([
      "invalid-request /products",
      "invalid-request /cards",
      "invalid-request /slots",
      "invalid-request /home",
      "invalid-request /maxSlots",
      "invalid-request /limits",
      "",
    ]);
  });

  test("with -o json are the problem document", async () => {
    const refused = await shell.suanwang("job get nope -o json");
    expect(JSON.parse(refused.err)).toEqual({
      type: "about:blank",
      title: "Not Found",
      status: 404,
      detail: "There is no job nope of yours.",
      code: "not-found",
    });
    const wrong = await shell.suanwang("job get -ojson");
    expect(wrong).toMatchObject({ code: 2, out: "" });
    expect(JSON.parse(wrong.err)).toMatchObject({ code: "usage", detail: "missing required argument 'job'" });
  });

  test("of a login that is not this exchange's say what to do", async () => {
    const env = { SUANWANG_TOKEN: "a.b.c", SUANWANG_URL: exchange.url };
    expect(await shell.suanwang("job list", { env })).toEqual({
      code: 5,
      out: "",
      err: "http-401 The login ran out or is not of this exchange: suanwang login.\n",
    });
  });

  test("of an exchange that is not there have a code of their own", async () => {
    expect(await shell.suanwang("health --url http://127.0.0.1:9")).toMatchObject({ code: 6, out: "" });
  });
});

describe("an Idempotency-Key", () => {
  const words =
    "job post --product a100-80g:1 --cards 1 --slots 1 --from 4937000 --to 4937010 --home wuhan -v";

  test("is drawn anew for each command, and shown to whoever wants to know", async () => {
    const keys = [await shell.suanwang(words), await shell.suanwang(words)].map(
      ({ err }) => /^POST \/jobs key ([\w-]{36})$/m.exec(err)?.[1],
    );
    expect(new Set(keys).size).toBe(2);
    expect(keys).not.toContain(undefined);
  });

  test("of one's own makes a repeat the same request, and another body is refused", async () => {
    const first = await shell.suanwang(`${words} --key mine -o json`);
    expect(first.code).toBe(0);
    const again = await shell.suanwang(`${words} --key mine -o json`);
    expect(JSON.parse(again.out).job).toBe(JSON.parse(first.out).job);
    expect(await shell.suanwang(`${words} --key mine --cards 2`)).toMatchObject({ code: 3 });
  });
});

describe("the feed", () => {
  test("is exported, plain and compressed, and verified with no exchange at hand", async () => {
    const file = join(shell.folder, "feed.ndjson");
    const head = await vi.waitFor(
      async () => {
        // What earlier requests left under way may still reach the feed.
        const seen = await jsonOf("feed head --profile finance");
        expect(await ok(`feed export ${file} --profile finance`)).toContain(`hash      ${seen.hash}\n`);
        return seen;
      },
      { timeout: 60_000, interval: 200 },
    );
    await ok(`feed export ${file}.gz --profile finance`);
    expect(await ok("feed export --profile finance")).toBe(readFileSync(file, "utf8"));

    const verify = (words: string) => alone(`feed verify ${words}`);
    const whole = await verify(`${file}.gz --head ${head.hash} --position ${head.position}`);
    expect(whole).toMatchObject({ code: 0, err: "" });
    expect(whole.out).toMatch(
      /^verified {2}pages 1 to \d+\ncommits {3}\d+\nevents {4}\d+\nstreams {3}\d+\nhash {6}\w{64}\nhead {6}\d+:\w{64}\n$/,
    );
    const log = `${head.size}:${head.root}`;
    expect(await verify(`${file}.gz --head ${log}`)).toEqual(whole);
    expect(await verify(`${file} --head ${log} --head ${head.hash}`)).toEqual(whole);
    expect(await verify(`${file} --head 7`)).toMatchObject({ code: 2 });

    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    writeFileSync(file, `${lines.toSpliced(4, 1).join("\n")}\n`);
    expect(await verify(`${file} --head ${head.hash}`)).toEqual({
      code: 7,
      out: "",
      err: "feed-deletion line 5: page 5 is missing.\n",
    });
    const { code, err } = await verify(`${file} --head ${head.hash} -o json`);
    expect(code).toBe(7);
    expect(JSON.parse(err)).toMatchObject({ code: "feed-deletion", kind: "deletion", line: 5, position: 5 });
    expect(await verify(`${file} --head ${log}`)).toMatchObject({ code: 7, err: expect.stringMatching("5") });
    expect(await verify(`${shell.folder}/nothing --head ${head.hash}`)).toMatchObject({ code: 2 });
  });

  test("leaves no half of a file where it cannot be exported", async () => {
    const { code } = await shell.suanwang(`feed export ${shell.folder}/no/feed.ndjson --profile finance`);
    expect(code).toBe(2);
    const file = join(shell.folder, "later.ndjson");
    expect((await shell.suanwang(`feed export ${file}`)).code).toBe(5);
    expect(() => readFileSync(file)).toThrow("ENOENT");
    expect(() => readFileSync(`${file}.part`)).toThrow("ENOENT");
  });

  test.each([
    ["journal", /^; Suanwang: every movement of money/],
    ["focus-csv", /^BilledCost,/],
    ["focus-spreadsheet", /^BilledCost,/],
    ["focus-parquet", /^PAR1/],
    ["log-parquet", /^PAR1/],
  ])(
    "is exported as %s in place of an older file, and leaves that as it was if it cannot be",
    async (kind, begins) => {
      const file = join(shell.folder, `export-${kind}`);
      writeFileSync(file, "older");
      expect((await shell.suanwang(`finance export ${kind} ${file}`)).code).toBe(5);
      expect(readFileSync(file, "utf8")).toBe("older");
      expect(existsSync(`${file}.part`)).toBe(false);
      await ok(`finance export ${kind} ${file} --profile finance`);
      expect(readFileSync(file, "latin1")).toMatch(begins);
      expect(existsSync(`${file}.part`)).toBe(false);
      const nowhere = join(shell.folder, "no", kind);
      const { code, err } = await shell.suanwang(`finance export ${kind} ${nowhere} --profile finance`);
      expect({ code, err }).toEqual({ code: 2, err: `usage file: ${nowhere}: ENOENT\n` });
    },
  );

  test("is exported into a pipe that has a name, which stays one", async () => {
    const pipe = join(shell.folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const reader = spawn("cat", [pipe]);
    spawned.push(reader);
    const read = text(reader.stdout);
    await ok(`finance export journal ${pipe} --profile finance`);
    expect(await read).toMatch(/^; Suanwang: every movement of money/);
    expect(statSync(pipe).isFIFO()).toBe(true);
  });
});

describe("completion", () => {
  const complete = async (...words: string[]) => {
    const said = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const { code } = await shell.suanwang(["complete", "--", ...words]);
    const lines = said.mock.calls.map(([line]) => String(line));
    said.mockRestore();
    return { code, lines };
  };

  test("knows commands, options and their values", async () => {
    expect((await complete("job", "")).lines.map((line) => line.split("\t")[0])).toEqual(
      expect.arrayContaining(["post", "get", "list", "cancel"]),
    );
    expect((await complete("login", "--role", "")).lines).toEqual(
      ["center", "tenant", "finance", "operator"].map((role) => `${role}\t`).concat(":4"),
    );
    expect((await complete("offer", "list", "-o", "")).lines).toEqual(["table\t", "json\t", "yaml\t", ":4"]);
    expect((await complete("feed", "verify", "--ig")).lines).toEqual([
      "--ignore-after\tthe file may go on after the head; what follows is not looked at",
      ":4",
    ]);
  });

  test("asks the exchange for products, centers and jobs", async () => {
    expect((await complete("job", "post", "--product", "")).lines).toEqual(
      expect.arrayContaining(["a100-80g\t16 cards", ":4"]),
    );
    expect((await complete("offer", "post", "--center", "w")).lines).toEqual(["wuhan\tWuhan", ":4"]);
    expect((await complete("why", "")).lines).toContain(`${job}\tbert completed`);
    expect((await complete("job", "get", "-o", "json", job.slice(0, 5))).lines).toContain(
      `${job}\tbert completed`,
    );
  });

  test("is silent without an exchange, and its scripts are made for four shells", async () => {
    expect(await complete("--url", "http://127.0.0.1:9", "why", "")).toMatchObject({ code: 0 });
    for (const name of ["bash", "zsh", "fish", "powershell"]) {
      const said = vi.spyOn(console, "log").mockImplementation(() => undefined);
      expect((await shell.suanwang(`complete ${name}`)).code).toBe(0);
      expect(said.mock.calls.flat().join("\n")).toContain("suanwang");
      said.mockRestore();
    }
  });
});

test("the launcher hands on words, input and exit code", async () => {
  const { child, exited, out, err } = start("job post -f -");
  child.stdin?.end("[]");
  expect(await exited).toEqual([2, null]);
  expect([await out, await err]).toEqual([
    "",
    "usage --file: standard input holds no object: write fields, such as cards: 8\n",
  ]);
});
