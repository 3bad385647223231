import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { maxPageBytes } from "../events/store/chain.ts";
import { functions } from "../functions/manifest.ts";
import { rangesOf } from "../functions/periods/close-parts.ts";
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

describe("the close of a day", () => {
  test("folds so many ranges at once that one partition, where the whole feed lies, can read them out in time", () => {
    const Folding = z.object({
      DefinitionString: z
        .string()
        .transform((json) =>
          z
            .object({ States: z.object({ FoldRanges: z.object({ MaxConcurrency: z.int().min(1) }) }) })
            .safeParse(JSON.parse(json)),
        ),
    });
    const [{ MaxConcurrency } = { MaxConcurrency: Number.NaN }] = all(
      "AWS::StepFunctions::StateMachine",
      Folding,
    ).flatMap(({ DefinitionString: { data } }) => data?.States.FoldRanges ?? []);
    const [largest] = rangesOf(0, 100_000);
    const rangeBytes = ((largest?.upTo ?? Number.NaN) - (largest?.after ?? 0)) * maxPageBytes;
    // A partition gives 3,000 units a second, a consistent one of 4 KB each.
    const seconds = (MaxConcurrency * rangeBytes) / (3_000 * 4_096);
    const fold = functions.find(({ name }) => name === "fold-range");
    expect(seconds).toBeLessThan((fold?.timeoutSeconds ?? 0) * 0.75);
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
