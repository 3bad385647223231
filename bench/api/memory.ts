import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Resident MB of the exchange's process (in a replay, its simulated members included) and of its database's. */
export interface Memory {
  readonly when: string;
  readonly exchangeMB: number;
  readonly databaseMB: number;
}

/** `npm start` with so many jobs of the trace: when it begins to listen, and when its day is over. */
export async function measureMemory(jobs: number): Promise<Memory[]> {
  const data = mkdtempSync(join(tmpdir(), "suanwang-bench-"));
  const script = new URL("../../infra/local/start.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, "--jobs", String(jobs), "--port", "0", "--data", data], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const said = [
      ["listens on", "at boot"],
      ["serving at", `after a day of ${jobs} jobs of the trace`],
    ] as const;
    const measured: Memory[] = [];
    for await (const line of linesOf(child)) {
      const moment = said.find(([words]) => line.includes(words));
      if (moment !== undefined) measured.push({ when: moment[1], ...residentOf(child.pid ?? 0) });
      if (measured.length === said.length) return measured;
    }
    throw new Error("the exchange ended before its day was over");
  } finally {
    child.kill("SIGINT");
    if (child.exitCode === null) await once(child, "exit");
    rmSync(data, { recursive: true, force: true });
  }
}

function linesOf({ stdout }: ChildProcess): AsyncIterable<string> {
  if (stdout === null) throw new Error("the exchange has no output");
  return createInterface({ input: stdout });
}

function residentOf(pid: number): Omit<Memory, "when"> {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid=,rss="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number));
  const megabytes = (of: (row: readonly number[]) => boolean) =>
    Math.round(rows.filter(of).reduce((sum, [, , kilobytes = 0]) => sum + kilobytes, 0) / 1024);
  return {
    exchangeMB: megabytes(([own]) => own === pid),
    databaseMB: megabytes(([, parent]) => parent === pid),
  };
}
