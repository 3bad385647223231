import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { functions } from "../functions/manifest.ts";
import { createResolver, type Resource, resourcesOf } from "./local/resources.ts";
import { synthesize } from "./local/synth.ts";

let resources: ReadonlyMap<string, Resource>;
beforeAll(() => {
  resources = resourcesOf(synthesize());
});

function all<Shape>(type: string, shape: z.ZodType<Shape>): Shape[] {
  const resolve = createResolver(resources);
  const found = [...resources.values()].filter((resource) => resource.type === type);
  return found.map(({ properties }) => shape.parse(resolve(properties)));
}

const Mapping = z.object({
  FunctionName: z.string(),
  ScalingConfig: z.object({ MaximumConcurrency: z.int().min(2) }).optional(),
});

describe("a burst of events", () => {
  test("takes a small part of the account's concurrency, of which gates and requests need theirs", () => {
    const mappings = all("AWS::Lambda::EventSourceMapping", Mapping);
    for (const { name, trigger } of functions) {
      if (trigger.kind !== "events") continue;
      const own = mappings.filter(({ FunctionName }) => FunctionName === name);
      expect(own, name).toMatchObject([{ ScalingConfig: { MaximumConcurrency: 10 } }]);
    }
  });
});

describe("the members' client", () => {
  test("has no page to sign in at: nobody is sent to an address of somebody else with a token", () => {
    const clients = all(
      "AWS::Cognito::UserPoolClient",
      z.object({
        AllowedOAuthFlowsUserPoolClient: z.boolean().optional(),
        AllowedOAuthFlows: z.array(z.string()).default([]),
        CallbackURLs: z.array(z.string()).default([]),
      }),
    );
    expect(clients).toEqual([
      { AllowedOAuthFlowsUserPoolClient: false, AllowedOAuthFlows: [], CallbackURLs: [] },
    ]);
  });
});
