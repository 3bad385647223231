import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const start = new URL("start.ts", import.meta.url).pathname;
const tornWrite = new URL("../../test/torn-write.ts", import.meta.url).pathname;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "torn-write-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Life {
  readonly signal: NodeJS.Signals | null;
  readonly listened: boolean;
  readonly output: string;
}

/** Runs a replay until that file is half written, or until it listens. */
async function live(torn?: string): Promise<Life> {
  const child = spawn(
    process.execPath,
    [
      ...(torn === undefined ? [] : ["--import", tornWrite]),
      ...[start, "--jobs", "1", "--port", "0", "--data", folder],
    ],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, TORN_WRITE: torn } },
  );
  let output = "";
  let listened = false;
  const gone = once(child, "close");
  child.stderr.on("data", (text: Buffer) => {
    output += String(text);
  });
  child.stdout.on("data", (text: Buffer) => {
    output += String(text);
    listened ||= output.includes("Suanwang listens on ");
    if (listened && torn === undefined) child.kill("SIGKILL");
  });
  const [, signal] = await gone;
  return { signal, listened, output };
}

describe("a first start that is killed half-way through a write", () => {
  test.each(["replay", "issuer.json", "market-time", "exchange.pid", "schedules.json"])(
    "of %s is begun anew by the next",
    async (file) => {
      const dead = await live(file);
      expect(dead.signal, dead.output).toBe("SIGKILL");

      const { listened, output } = await live();

      expect(listened, output).toBe(true);
      expect(JSON.parse(readFileSync(join(folder, "replay"), "utf8"))).toMatchObject({ days: 1, jobs: 1 });
      expect(JSON.parse(readFileSync(join(folder, "issuer.json"), "utf8"))).toMatchObject({ kty: "RSA" });
    },
  );
});
