import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writtenOnce } from "./written-once.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "written-once-"));
  file = join(folder, "file");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a file that is written once", () => {
  test("holds what was written first, for good", () => {
    expect(writtenOnce(file, "first")).toBe("first");
    expect(writtenOnce(file, "second")).toBe("first");
    expect(readFileSync(file, "utf8")).toBe("first");
  });

  test("leaves no other file behind", () => {
    writtenOnce(file, "first");
    writtenOnce(file, "second");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("is not what a process left that was killed half-way", () => {
    writeFileSync(`${file}.${process.pid}`, "fi");
    expect(writtenOnce(file, "first")).toBe("first");
  });

  test.skipIf(process.platform === "win32")("is only its owner's if it shall be", () => {
    writtenOnce(file, "secret", 0o600);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
