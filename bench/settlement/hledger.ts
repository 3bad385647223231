import { execFile } from "node:child_process";
import { promisify } from "node:util";

// hledger, the plain text accounting program that auditors know: the judge of the ledger, and the yardstick of its speed.

const run = promisify(execFile);
/** Bytes that it may print. */
const maxBuffer = 256_000_000;

/** Its version; null: it is not installed (Debian: apt-get install hledger). */
export async function hledgerVersion(): Promise<string | null> {
  try {
    const { stdout } = await run("hledger", ["--version"]);
    return stdout.trim();
  } catch {
    return null;
  }
}

/** Seconds that it takes to read and check a journal. @throws Error with what it finds wrong */
export async function checkSeconds(journal: string): Promise<number> {
  const began = performance.now();
  await run("hledger", ["-f", journal, "check", "-s", "ordereddates", "payees"], { maxBuffer });
  return (performance.now() - began) / 1000;
}

/** Every account's balance as it prints them, `CURRENCY AMOUNT` by account; those of 0 left out. */
export async function hledgerBalances(journal: string): Promise<Map<string, string>> {
  const words = ["-f", journal, "balance", "--flat", "--no-total", "--output-format", "csv"];
  const { stdout } = await run("hledger", words, { maxBuffer });
  const lines = stdout.trim().split("\n").slice(1);
  return new Map(
    lines.map((line) => {
      const [, account = "", balance = ""] = /^"([^"]*)","([^"]*)"$/.exec(line) ?? [];
      return [account, balance];
    }),
  );
}
