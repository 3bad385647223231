import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTokenOptions } from "./token-options.ts";

let data: string;

beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), "token-"));
  writeFileSync(join(data, "issuer.json"), "{}");
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

describe("options of a token", () => {
  test("say whose it is and in which roles", () => {
    const args = ["--owner", "acme", "--role", "tenant", "--role", "finance", "--data", data];
    expect(readTokenOptions(args)).toEqual({ owner: "acme", roles: ["tenant", "finance"], data });
  });

  test("that ask for help get it, whatever else they say", () => {
    expect(readTokenOptions(["--help"])).toBe("help");
    expect(readTokenOptions(["--role", "king", "--help"])).toBe("help");
  });

  test.each([
    ["no owner", ["--role", "tenant"], "--owner"],
    ["an empty owner", ["--owner=", "--role", "tenant"], "--owner"],
    ["an owner that no request could name", ["--owner", "a b", "--role", "tenant"], "--owner"],
    ["no role", ["--owner", "acme"], "--role"],
    [
      "a role that there is not",
      ["--owner", "acme", "--role", "king"],
      "center, tenant, finance, operator, not king",
    ],
    ["an option that there is not", ["--owner", "acme", "--rule", "tenant"], "--rule"],
    ["a folder without keys", ["--owner", "acme", "--role", "tenant", "--data", "/none"], "npm start"],
  ])("with %s are refused by name", (_, args, name) => {
    expect(() => readTokenOptions(["--data", data, ...args])).toThrow(name);
  });
});
