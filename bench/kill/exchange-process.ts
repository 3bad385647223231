import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** What is killed: the whole process group at once, only the main process, or only the database's process. */
export type Victim = "group" | "main" | "database";

export interface ExchangeProcess {
  /** Settles once it has told its address. @throws Error with its output if it ended before. */
  readonly listening: Promise<void>;
  /** How it ended; settles when the main process has. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Settles when the database's process is gone as well: it holds the other end of stderr. */
  readonly gone: Promise<unknown>;
  /** All that it said so far. */
  output(): string;
  /** Kills with SIGKILL; settles when the signal is sent. */
  kill(victim: Victim): Promise<void>;
  /** Asks it to end, as Ctrl-C does. */
  stop(): void;
}

const main = new URL("../../infra/local/start.ts", import.meta.url).pathname;

/** The local exchange as `npm start -- --empty` runs it, in a process group of its own. */
export function spawnExchange(folder: string, port: number, rate: number): ExchangeProcess {
  const args = [main, "--empty", "--rate", String(rate), "--port", String(port), "--data", folder];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const killGroup = () => signal(-pidOf(child), "SIGKILL");
  // Nobody else ends a group of its own, should this process die.
  process.once("exit", killGroup);
  const said: string[] = [];
  const ended = once(child, "exit").then(([code, signal]) => ({ code, signal }));
  const gone = once(child, "close").then(() => process.removeListener("exit", killGroup));
  child.stderr.on("data", (text: Buffer) => said.push(String(text)));
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  listening.catch(() => undefined);
  createInterface({ input: child.stdout }).on("line", (line) => {
    said.push(`${line}\n`);
    if (line.startsWith("Suanwang listens on ")) resolve();
  });
  void gone.then(() => reject(new Error(`the exchange ended before it listened:\n${said.join("")}`)));
  return {
    listening,
    ended,
    gone,
    output: () => said.join(""),
    async kill(victim) {
      if (victim === "group") killGroup();
      else if (victim === "main") signal(pidOf(child), "SIGKILL");
      else for (const pid of await childrenOf(pidOf(child))) signal(pid, "SIGKILL");
    },
    stop: () => signal(pidOf(child), "SIGTERM"),
  };
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error("the exchange could not be started");
  return pid;
}

/** A process that has ended meanwhile is what was wanted. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function childrenOf(parent: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid = 0, ppid]) => (ppid === parent ? [pid] : []));
}

/**
 * A port that is free now, the same for all lives. Not one of those that the system gives to outgoing connections: a
 * client that tries again and again while nobody listens might else be connected to itself.
 */
export async function freePort(draw: () => number): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(draw() * 12_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
