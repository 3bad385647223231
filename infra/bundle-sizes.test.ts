import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { functions, type Grant } from "../functions/manifest.ts";
import { type Bundle, buildBundles, bundleLimit } from "./bundle-sizes.ts";
import { bundling } from "./bundling.ts";

let bundles: ReadonlyMap<string, Bundle>;
let folder: string;
beforeAll(async () => {
  bundles = new Map((await buildBundles()).map((bundle) => [bundle.name, bundle]));
  folder = await mkdtemp(join(tmpdir(), "bundles-"));
  await Promise.all([...bundles].map(([name, { code }]) => writeFile(join(folder, `${name}.mjs`), code)));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The service's client that a grant is of use with. */
const clientFor: Record<Grant, string> = {
  "log:read": "client-dynamodb",
  "log:scan": "client-dynamodb",
  "log:append": "client-dynamodb",
  "feed:read": "client-dynamodb",
  "feed:append": "client-dynamodb",
  "marks:write": "client-dynamodb",
  "views:read": "client-dynamodb",
  "views:write": "client-dynamodb",
  "operations:read": "client-dynamodb",
  "operations:write": "client-dynamodb",
  "bus:publish": "client-eventbridge",
  "auctions:start": "client-sfn",
  "jobs:start": "client-sfn",
  "periods:start": "client-sfn",
  "tasks:report": "client-sfn",
};

/** Runs a module in a Node of its own, beside the bundles. */
async function run(code: string, env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], {
    cwd: folder,
    env,
    maxBuffer: 10_000_000,
  });
  return stdout;
}

describe("every function's bundle", () => {
  test("is there, and under 250 KB zipped", () => {
    expect([...bundles.keys()].sort()).toEqual(functions.map(({ name }) => name).sort());
    const large = [...bundles.values()].filter(({ zipped }) => zipped > bundleLimit);
    expect(large.map(({ name, zipped }) => `${name} ${zipped}`)).toEqual([]);
  });

  test("holds the AWS clients that its grants are of use with, and no other", () => {
    for (const { name, grants } of functions) {
      const wanted = [...new Set(grants.map((grant) => clientFor[grant]))].sort();
      expect(bundles.get(name)?.clients, name).toEqual(wanted);
    }
  });

  test("leaves out nothing but ways to credentials that Lambda does not take", () => {
    const left = new Set([...bundles.values()].flatMap(({ external }) => external));
    expect([...left].sort()).toEqual(bundling.externalModules.toSorted());
  });

  test("loads in Node by itself, and has a handler", async () => {
    const names = functions.map(({ name }) => name);
    const code = `for (const name of ${JSON.stringify(names)})
      console.log(name, typeof (await import(\`./\${name}.mjs\`)).handler);`;
    const loaded = (await run(code)).trim().split("\n");
    expect(loaded).toEqual(names.map((name) => `${name} function`));
  });

  test("answers, as Lambda would call it", async () => {
    const event = { rawPath: "/health", headers: {}, requestContext: { requestId: "r" } };
    const answer = await run(
      `const { handler } = await import("./getHealth.mjs");
       console.log(JSON.stringify(await handler(${JSON.stringify(event)}, { awsRequestId: "r" })));`,
      { LOG_LEVEL: "SILENT" },
    );
    expect(JSON.parse(answer)).toMatchObject({
      statusCode: 200,
      body: expect.stringContaining('"status":"ok"'),
    });
  });
});
