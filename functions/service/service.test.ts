import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { acme, openingTime, startExchange, succeeds } from "../../test/exchange-in-memory.ts";
import type { Operation } from "../contract/operation.ts";
import { operations } from "../contract/operations.ts";

const committed: unknown = JSON.parse(
  await readFile(new URL("../../docs/openapi.json", import.meta.url), "utf8"),
);
const all: readonly Operation[] = Object.values(operations);

describe("GET /openapi.json", () => {
  test("serves what docs/openapi.json holds, to anybody", async () => {
    const exchange = await startExchange();
    for (const by of [undefined, acme])
      expect((await exchange.call(operations.getOpenApi, by)).json).toEqual(committed);
  });

  const Parameter = z.object({ name: z.string(), in: z.string(), required: z.boolean() });
  const Described = z.object({
    operationId: z.string(),
    parameters: z.array(Parameter),
    responses: z.record(z.string(), z.unknown()),
    security: z.array(z.unknown()).optional(),
  });
  const Document = z.object({
    paths: z.record(z.string(), z.record(z.string(), Described)),
    components: z.record(z.string(), z.record(z.string(), z.unknown())),
  });
  const document = Document.parse(committed);

  test("describes each operation once, with its answer, its key and whether it is public", () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]) => ({ path, method: method.toUpperCase(), ...one })),
    );
    expect(described).toHaveLength(all.length);
    for (const { id, path, method, roles, success } of all) {
      const found = described.find((one) => one.path === path && one.method === method);
      expect(found?.operationId).toBe(id);
      expect(Object.keys(found?.responses ?? {})).toContain(String(success.status));
      const key = found?.parameters.find(({ name }) => name === "Idempotency-Key");
      expect(key?.required).toBe(method === "POST" ? true : undefined);
      expect(found?.security).toEqual(roles === "public" ? [] : roles.map((role) => ({ token: [role] })));
    }
  });

  test("refers only to what it holds", () => {
    const references = [...JSON.stringify(committed).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(all.length);
    for (const [, kind = "", name = ""] of references)
      expect(document.components[kind]?.[name], `${kind}/${name}`).toBeDefined();
    expect(JSON.stringify(committed)).not.toContain("#/$defs");
  });
});

test("GET /health tells the market's time", async () => {
  const exchange = await startExchange();
  const health = await succeeds(exchange.call(operations.getHealth, undefined));
  expect(health).toMatchObject({ status: "ok", marketTime: "2026-03-02T02:00:30.000Z" });
  exchange.clock.set(openingTime + 1);
  const later = await succeeds(exchange.call(operations.getHealth, undefined));
  expect(later.marketTime).toBe("2026-03-02T02:00:30.001Z");
});
