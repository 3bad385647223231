import { describe, expect, test } from "vitest";
import { z } from "zod";
import { catalog } from "../events/catalog/catalog.ts";
import { operations } from "./contract/operations.ts";
import { functions } from "./manifest.ts";

const routes = functions.flatMap(({ name, file, trigger }) =>
  trigger.kind === "http" ? [{ name, file, operation: trigger.operation }] : [],
);
const Handler = z.object({ create: z.function(), handler: z.function() });

describe("the manifest", () => {
  test("has one route for each operation of the contract, and none besides", () => {
    expect(routes.map(({ operation }) => operation.id).sort()).toEqual(Object.keys(operations).sort());
    for (const [id, operation] of Object.entries(operations)) expect(operation.id).toBe(id);
    for (const { name, operation } of routes) expect(name).toBe(operation.id);
  });

  test("has no two routes that a request could mean", () => {
    const shapes = routes.map(
      ({ operation: { method, path } }) => `${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`,
    );
    expect(new Set(shapes).size).toBe(shapes.length);
  });

  test("names the parameters of a route's path as its operation does", () => {
    for (const { path, params } of Object.values<{ path: string; params?: z.ZodObject }>(operations)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(named, path).toEqual(Object.keys(params?.shape ?? {}));
    }
  });

  test("names each function and each file once", () => {
    expect(new Set(functions.map(({ name }) => name)).size).toBe(functions.length);
    expect(new Set(functions.map(({ file }) => file)).size).toBe(functions.length);
  });

  test.each(functions.map(({ name, file }) => [name, file]))("%s has its handler in %s", async (_, file) => {
    const module: unknown = await import(new URL(`../${file}`, import.meta.url).href);
    expect(Handler.safeParse(module).success).toBe(true);
  });

  test("subscribes to events that the catalog has", () => {
    const known = new Set(
      Object.values(catalog).flatMap((events: readonly { type: string }[]) => events.map(({ type }) => type)),
    );
    const names = functions.flatMap(({ trigger }) => (trigger.kind === "events" ? trigger.names : []));
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });
});
