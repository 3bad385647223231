import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockDatabase, lockFolder } from "./folder-lock.ts";

const source = new URL("./folder-lock.ts", import.meta.url).href;

let folder: string;
let file: string;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "folder-lock-"));
  file = join(folder, "exchange.pid");
  children = [];
});

afterEach(async () => {
  for (const child of children) await kill(child);
  rmSync(folder, { recursive: true, force: true });
});

/** A program that locks the folder, says `locked` or why not, and lives until its input ends; as another user if told. */
const program = `
  const { lockFolder } = await import(${JSON.stringify(source)});
  const [, folder, user] = process.argv;
  if (user !== undefined) process.setuid(Number(user));
  try {
    const lock = lockFolder(folder);
    console.log("locked");
    process.stdin.on("end", () => lock.release()).resume();
  } catch (error) {
    console.log(error.message);
  }`;

/** Starts another process on the folder: what it says first. */
async function another(): Promise<{ readonly child: ChildProcess; readonly says: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, folder], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const [says] = await once(child.stdout, "data");
  return { child, says: String(says).trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "close");
  child.kill("SIGKILL");
  await gone;
}

const refusal = (pid: number | undefined) =>
  `process ${pid} runs an exchange on ${folder}: stop it, or name another folder with --data`;

describe("a folder", () => {
  test("that is free is locked by this process until it is released", () => {
    const lock = lockFolder(folder);
    expect(readFileSync(file, "utf8")).toBe(String(process.pid));
    lock.release();
    expect(readdirSync(folder)).toEqual(["exchange.lock"]);
  });

  test("is not locked twice by one process either", () => {
    const lock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(new Error(refusal(process.pid)));
    lock.release();
    lockFolder(folder).release();
  });

  test("that is not there is made, with those above it", () => {
    const deep = join(folder, "a", "b");
    lockFolder(deep);
    expect(existsSync(join(deep, "exchange.pid"))).toBe(true);
  });

  test("may be released twice, and after somebody tidied up", () => {
    const lock = lockFolder(folder);
    lock.release();
    expect(() => lock.release()).not.toThrow();
  });

  test("does not keep others from theirs", () => {
    const other = join(folder, "other");
    lockFolder(folder);
    lockFolder(other).release();
    expect([existsSync(file), readdirSync(other)]).toEqual([true, ["exchange.lock"]]);
  });

  test("whose name is a file's is refused", () => {
    const name = join(folder, "file");
    writeFileSync(name, "");
    expect(() => lockFolder(name)).toThrow("EEXIST");
  });

  test("whose lock cannot be made is refused with the reason", () => {
    mkdirSync(join(folder, "exchange.lock"));
    expect(() => lockFolder(folder)).toThrow("unable to open database file");
  });
});

describe("two exchanges", () => {
  test("do not share a folder: the second is told who has it", async () => {
    const { child, says } = await another();
    expect(says).toBe("locked");
    expect(() => lockFolder(folder)).toThrow(new Error(refusal(child.pid)));
    expect((await another()).says).toBe(refusal(child.pid));
    expect(readFileSync(file, "utf8")).toBe(String(child.pid));
  });

  test("may follow one another, when the first ends as it should", async () => {
    const { child } = await another();
    const gone = once(child, "close");
    child.stdin?.end();
    await gone;
    expect(existsSync(file)).toBe(false);
    expect((await another()).says).toBe("locked");
  });

  test("may follow one another when the first was killed, by as many as want it", async () => {
    const first = await another();
    await kill(first.child);
    expect(existsSync(file)).toBe(true);
    const second = await another();
    expect(second.says).toBe("locked");
    expect((await another()).says).toBe(refusal(second.child.pid));
  });

  test("that start at once on the folder of a dead one do not both get it", async () => {
    await kill((await another()).child);
    const all = await Promise.all(Array.from({ length: 6 }, another));
    const refused = all.filter(({ says }) => says !== "locked").map(({ says }) => says);
    expect(refused).toHaveLength(5);
    for (const says of refused) expect(says).toMatch(/^process \d+ runs an exchange on /);
  });

  test.skipIf(process.platform === "win32")(
    "do not share a folder when the first is another user's",
    async () => {
      const { child } = await another();
      // Root may open all files and signal all processes, so it asks as somebody else.
      const user = process.getuid?.() === 0 ? ["65534"] : [];
      chmodSync(folder, 0o777);
      chmodSync(join(folder, "exchange.lock"), 0o666);
      chmodSync(file, 0o666);
      const { stdout } = spawnSync(
        process.execPath,
        ["--input-type=module", "-e", program, folder, ...user],
        {
          input: "",
          encoding: "utf8",
        },
      );
      expect(stdout.trim()).toBe(refusal(child.pid));
    },
  );
});

describe("a lock that nobody holds", () => {
  function pidOfTheDead(): number {
    return spawnSync(process.execPath, ["-e", ""]).pid;
  }

  test.each<[string, () => string]>([
    ["of a process that is gone", () => String(pidOfTheDead())],
    ["that a crash left empty", () => ""],
    ["that is no number", () => "x"],
    ["of no process", () => "0"],
    ["of a group of processes", () => "-1"],
    ["of this very number, which a container gives each of its lives", () => String(process.pid)],
    ["of a process that lives, but is another that got the number", () => String(process.ppid)],
  ])("%s is taken over", (_, content) => {
    writeFileSync(file, content());
    const lock = lockFolder(folder);
    expect(readFileSync(file, "utf8")).toBe(String(process.pid));
    lock.release();
    expect(existsSync(file)).toBe(false);
  });
});

describe("the database of a folder", () => {
  test("is waited for while the process of a killed exchange still has it open", async () => {
    const first = await lockDatabase(folder, 0);
    const second = lockDatabase(folder, 60_000);
    await expect(Promise.race([second, lockDatabase(folder, 50).catch(() => "still locked")])).resolves.toBe(
      "still locked",
    );
    first.release();
    (await second).release();
  });

  test("is refused with the process to end, should that not end by itself", async () => {
    await lockDatabase(folder, 0);
    await expect(lockDatabase(folder, 20)).rejects.toThrow(
      `process ${process.pid}, left over from an exchange that has ended, still has the database in ${folder} open: end it`,
    );
  });
});
