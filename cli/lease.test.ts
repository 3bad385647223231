import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type CommandLine, createCommandLine } from "../test/command-line.ts";
import { writeProfiles } from "./profiles.ts";

// `center lease --keep` against a stand-in for the exchange and the user pool, whose clocks the tests hold.

const opening = Date.parse("2026-03-02T02:00:30Z");
const leaseSeconds = 720;
const tokenHolds = 3_600;

let server: Server;
let shell: CommandLine;
/** Market time of each renewal, in seconds after the opening; and how often a new token was given. */
let renewals: number[];
let granted: number;
let pace: number;
let away: boolean;

const marketSeconds = () => ((Date.now() - opening) * pace) / 1000;

function tokenFor(seconds: number): string {
  const claims = { "custom:owner": "xian", "cognito:groups": ["center"], exp: Date.now() / 1000 + seconds };
  return ["{}", JSON.stringify(claims), ""].map((part) => Buffer.from(part).toString("base64url")).join(".");
}

function holds(token: string): boolean {
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  return claims.exp > Date.now() / 1000;
}

function answer({ headers }: IncomingMessage): [status: number, body: unknown] {
  if (headers["x-amz-target"] !== undefined) {
    granted += 1;
    return [200, { AuthenticationResult: { IdToken: tokenFor(tokenHolds) } }];
  }
  if (away) return [503, { message: "Service Unavailable" }];
  if (!holds(headers.authorization ?? "")) return [401, { message: "Unauthorized" }];
  renewals.push(Math.round(marketSeconds()));
  const until = new Date(opening + (marketSeconds() + leaseSeconds) * 1000).toISOString();
  return [200, { center: "xian", until, seconds: leaseSeconds }];
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: opening });
  [renewals, granted, pace, away] = [[], 0, 1, false];
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const [status, body] = answer(request);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `http://127.0.0.1:${address.port}`;
  shell = createCommandLine();
  shell.env.SUANWANG_COGNITO_URL = url;
  const renewal = { pool: "eu-west-1_Ab12Cd34E", client: "client-1", refreshToken: "refresh-1" };
  const profiles = { default: { url, token: tokenFor(tokenHolds), renewal } };
  writeProfiles(shell.env, { current: "default", profiles });
});
afterEach(async () => {
  vi.useRealTimers();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  shell.remove();
});

/** Keeps the lease, real time passing as the program waits, until `waited` says so. */
async function keep(waited: (waits: number) => "on" | "enough", stretched = () => 1) {
  let waits = 0;
  const ran = await shell.suanwang("center lease xian --keep", {
    sleep: async (ms) => {
      vi.setSystemTime(Date.now() + ms * stretched());
      waits += 1;
      if (waited(waits) === "enough") throw new Error("enough");
    },
  });
  expect(ran.err).not.toContain("the program waits");
  return ran;
}

describe("a lease that is kept", () => {
  test("outlives its login's token", async () => {
    // Two hours and a quarter of renewals, every four minutes.
    const { err } = await keep((waits) => (waits > 35 ? "enough" : "on"));
    expect(err).toBe("unexpected Error: enough\n");
    expect(renewals).toHaveLength(36);
    expect(renewals.at(-1)).toBeGreaterThan(2 * tokenHolds);
    expect(granted).toBe(2);
  });

  test.each([1, 60, 700])("is renewed by market time that passes %d times as fast", async (faster) => {
    pace = faster;
    await keep((waits) => (waits > 12 ? "enough" : "on"));
    const between = renewals.slice(1).map((at, n) => at - (renewals[n] ?? 0));
    expect(Math.max(...between)).toBeLessThan(leaseSeconds);
    for (const seconds of between.slice(1))
      expect(Math.abs(seconds - leaseSeconds / 3)).toBeLessThanOrEqual(faster);
  });

  test("is renewed as in real time while the market's clock stands", async () => {
    pace = 0;
    await keep((waits) => (waits > 3 ? "enough" : "on"));
    expect(Date.now() - opening).toBe(1_000 + 3 * 240_000);
  });

  test("is tried for again while the exchange is away, and said so once", async () => {
    const { out, err } = await keep((waits) => {
      away = waits === 3 || waits === 4;
      return waits > 6 ? "enough" : "on";
    });
    expect(err.split("\n")).toEqual([
      expect.stringMatching(/^http-503 /),
      "trying again until the lease ends at 2026-03-02 10:16:31",
      "unexpected Error: enough",
      "",
    ]);
    // After the second renewal: two tries in vain, each followed by a pause of twelve seconds.
    expect(renewals).toEqual([0, 1, 241, 505, 745]);
    expect(out.split("\n")).toHaveLength(6);
  });

  test("is over when the exchange stays away for as long as it held", async () => {
    const { code, err } = await keep(
      (waits) => {
        away = waits > 2;
        return "on";
      },
      () => (away ? 20 : 1),
    );
    expect(code).toBe(6);
    expect(err.split("\n").map((line) => line.split(" ")[0])).toEqual(["http-503", "trying", "http-503", ""]);
    expect((Date.now() - opening) / 1000).toBeGreaterThanOrEqual(241 + leaseSeconds);
  });

  test("is not tried for again where it was never held, or where the exchange refuses it", async () => {
    away = true;
    expect(await shell.suanwang("center lease xian --keep")).toMatchObject({ code: 6, out: "" });
    away = false;
    // A token of the environment cannot be renewed.
    shell.env.SUANWANG_TOKEN = tokenFor(300);
    const { code, err } = await keep(() => "on");
    expect({ code, err }).toEqual({
      code: 5,
      err: "http-401 The login ran out or is not of this exchange: suanwang login.\n",
    });
    expect(renewals).toEqual([0, 1, 241]);
  });
});
