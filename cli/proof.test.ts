import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chargeJobs, chargeOf, closeToday } from "../test/closed-day.ts";
import { type CommandLine, createCommandLine } from "../test/command-line.ts";
import { type SeededExchange, seedExchange } from "../test/seeded-exchange.ts";
import { type ServedExchange, serveExchange } from "../test/served-exchange.ts";

// Proofs as their tenant and finance have them, over the wire; what checks them has neither exchange nor profile.

let world: SeededExchange;
let served: ServedExchange;
let shell: CommandLine;
let charge = "";
beforeAll(async () => {
  world = await seedExchange();
  await chargeJobs(world);
  charge = chargeOf(world.left);
  served = await serveExchange(world.exchange);
  shell = createCommandLine();
  for (const [profile, owner, role] of [
    ["finance", "clearing-house", "finance"],
    ["tenant", world.left.tenant.owner, "tenant"],
    ["other", world.right.tenant.owner, "tenant"],
  ])
    await ok(
      `login --data ${served.folder} --url ${served.front.url} --profile ${profile} --owner ${owner} --role ${role}`,
    );
});
afterAll(async () => {
  await served.close();
  shell.remove();
});

async function ok(words: string): Promise<string> {
  const { code, out, err } = await shell.suanwang(words);
  expect({ words, code, err }).toEqual({ words, code: 0, err: "" });
  return out;
}

/** `SIZE:ROOT` of the head that a profile is told. */
async function headOf(profile: string): Promise<string> {
  const { size, root } = JSON.parse(await ok(`feed head --profile ${profile} -o json`));
  return `${size}:${root}`;
}

/** The program as a process of its own that is told nothing of any exchange. */
async function alone(words: string) {
  const launcher = new URL("suanwang.mjs", import.meta.url).pathname;
  const env = { PATH: process.env.PATH, HOME: join(shell.folder, "nobody") };
  const child = spawn(process.execPath, [launcher, ...words.split(" ")], { env });
  const exited = once(child, "exit");
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { code, out, err };
}

test("a charge is proven to its tenant once the day is closed, and checked with no exchange at hand", async () => {
  const file = join(shell.folder, "proof.json");
  expect(await shell.suanwang(`feed prove ${charge} ${file} --profile tenant`)).toMatchObject({
    code: 3,
    err: expect.stringMatching(/^charge-not-published /),
  });
  const kept = await headOf("finance");
  await closeToday(world.exchange);
  const head = await headOf("tenant");
  expect(await ok(`feed prove ${charge} ${file} --profile tenant`)).toContain(`head           ${head}\n`);
  expect(await ok(`feed prove ${charge} --profile tenant`)).toBe(readFileSync(file, "utf8"));
  expect(await shell.suanwang(`feed prove ${charge} --profile other`)).toMatchObject({ code: 4, out: "" });
  expect(
    await shell.suanwang(`feed prove ${charge} ${shell.folder}/no/p.json --profile tenant`),
  ).toMatchObject({
    code: 2,
  });

  const proven = await alone(`feed check-proof ${file} --head ${head}`);
  expect(proven).toMatchObject({ code: 0, err: "" });
  expect(proven.out.replace(/^proven .*\n/, "").replaceAll(/ {2,}/g, "  ")).toBe(
    [
      `charge  ${charge}`,
      `job  ${world.left.placedJob}`,
      "account  acme",
      "posted  2026-03-02 10:12:00",
      "settlement day  2026-03-02",
      "market time  2026-03-02 10:06 – 10:12",
      "compute  0.800 CNY from tenant:acme to center:c-left",
      "tenant pays  0.800 CNY",
      "",
    ].join("\n"),
  );
  const stdin = readFileSync(file, "utf8");
  expect(await shell.suanwang(`feed check-proof - --head ${head}`, { stdin })).toEqual(proven);
  const failing = async (words: string, said: RegExp, code = 7) =>
    expect(await shell.suanwang(`feed check-proof ${words}`)).toEqual({
      code,
      out: "",
      err: expect.stringMatching(said),
    });
  await failing(`${file} --head ${kept}`, /^proof-other-head /);
  await failing(`${file} --head 5`, /^usage .*SIZE:ROOT/, 2);
  await failing(`${file}.gone --head ${head}`, /^usage file: cannot read .*ENOENT/, 2);
  writeFileSync(file, readFileSync(file, "utf8").replace('\\"tenantPays\\":\\"', "$&9"));
  await failing(`${file} --head ${head}`, /^proof-not-in-log /);
  writeFileSync(file, "{}");
  await failing(`${file} --head ${head}`, /^proof-unreadable /);
});

test("a head that was kept is continued by today's, and another one is not", async () => {
  const kept = await headOf("finance");
  await closeToday(world.exchange);
  const now = await headOf("finance");
  expect(now).not.toBe(kept);
  expect(await ok(`feed consistency ${kept} --profile finance`)).toContain(
    `begins with  ${kept}\nhead         ${now}\n`,
  );
  const [size = ""] = kept.split(":");
  const run = (head: string) => shell.suanwang(`feed consistency ${head} --profile finance`);
  expect(await run(`${size}:${"0".repeat(64)}`)).toMatchObject({
    code: 7,
    err: expect.stringMatching(/^log-inconsistent head: /),
  });
  // A member is told no newer head than the last close's: that one is shorter says nothing.
  expect(await shell.suanwang(`feed consistency ${now} --profile tenant`)).toMatchObject({
    code: 3,
    err: expect.stringMatching(/^head-not-published head: /),
  });
  // A log that has become shorter than one that was kept.
  expect(await run(`${Number(size) + 1000}:${"0".repeat(64)}`)).toMatchObject({
    code: 7,
    err: expect.stringMatching(/^log-inconsistent head: /),
  });
});

test("an export is held against either head, or both", async () => {
  const file = join(shell.folder, "feed.ndjson.gz");
  await ok(`feed export ${file} --profile finance`);
  const { hash } = JSON.parse(await ok("feed head --profile finance -o json"));
  const head = await headOf("finance");
  for (const heads of [`--head ${head}`, `--head ${hash}`, `--head ${hash} --head ${head}`])
    expect(
      (await ok(`feed verify ${file} ${heads}`)).endsWith(`hash      ${hash}\nhead      ${head}\n`),
    ).toBe(true);
  const closed = await headOf("tenant");
  expect(await shell.suanwang(`feed verify ${file} --head ${closed}`)).toMatchObject({
    code: 7,
    err: expect.stringMatching(/^feed-insertion /),
  });
  expect(await ok(`feed verify ${file} --head ${closed} --ignore-after`)).toContain(`head      ${closed}\n`);
  expect(await shell.suanwang(`feed verify ${file} --head ${head.slice(0, -2)}00`)).toMatchObject({
    code: 7,
    err: expect.stringMatching(/^feed-head /),
  });
});
