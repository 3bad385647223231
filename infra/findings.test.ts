import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type App, CfnResource, Validations } from "aws-cdk-lib";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { AwsSolutionsChecks, type IApplyRule, NagRuleCompliance, ServerlessChecks } from "cdk-nag";
import type { IConstruct } from "constructs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { buildApp } from "./app.ts";

/** `PATH RULE`, one for each finding or answer. */
type Finding = string;

/** What a pack finds, also where it is answered. */
class SolutionsFindings extends AwsSolutionsChecks {
  readonly found: Finding[] = [];
  protected override applyRule(rule: IApplyRule): void {
    this.found.push(...findingsOf(this.packName, rule));
  }
}
class ServerlessFindings extends ServerlessChecks {
  readonly found: Finding[] = [];
  protected override applyRule(rule: IApplyRule): void {
    this.found.push(...findingsOf(this.packName, rule));
  }
}

function findingsOf(pack: string, { node, rule, ruleSuffixOverride }: IApplyRule): Finding[] {
  const id = `${pack}-${ruleSuffixOverride ?? rule.name}`;
  const result = rule(node);
  if (Array.isArray(result)) return result.map((finding) => `${node.node.path} ${id}[${finding}]`);
  return result === NagRuleCompliance.NON_COMPLIANT ? [`${node.node.path} ${id}`] : [];
}

interface Answered {
  readonly finding: Finding;
  readonly on: IConstruct;
  readonly reason: string;
}

const Reasons = z.record(z.string(), z.string());

function answersOf(app: App): Answered[] {
  return app.node.findAll().flatMap((on) =>
    on.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) =>
        Object.entries(Reasons.parse(data)).map(([id, reason]) => ({
          finding: `${on.node.path} ${id.replace(/^annotation::/i, "")}`,
          on,
          reason,
        })),
      ),
  );
}

let app: App;
let outdir: string;
beforeAll(() => {
  outdir = mkdtempSync(join(tmpdir(), "findings-"));
  app = buildApp({
    outdir,
    analyticsReporting: false,
    context: { "aws:cdk:bundling-stacks": [], apiDomain: "api.example.org" },
  });
});
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

describe("cdk-nag", () => {
  test("finds nothing that is not answered, in either pack, and synthesis asks it", () => {
    for (const pack of [new AwsSolutionsChecks(), new ServerlessChecks()])
      expect(pack.validateScope(app).violations, pack.name).toEqual([]);
    app.synth();
  });

  test("stops the synthesis where a finding is not answered", () => {
    const open = buildApp({
      outdir: join(outdir, "open"),
      analyticsReporting: false,
      context: { "aws:cdk:bundling-stacks": [] },
    });
    const [stack] = open.node.children;
    if (stack === undefined) throw new Error("the app has no stack");
    new Queue(stack, "without-encryption-in-transit");
    const failed = process.exitCode;
    expect(() => open.synth()).toThrow(/alidation/);
    process.exitCode = failed;
  });

  test("is answered on single resources, and only what it finds there", () => {
    const [solutions, serverless] = [new SolutionsFindings(), new ServerlessFindings()];
    for (const pack of [solutions, serverless]) pack.validateScope(app);
    const found = [...solutions.found, ...serverless.found].sort();
    expect(found.length).toBeGreaterThan(0);
    const answers = answersOf(app);
    expect(answers.filter(({ on }) => !CfnResource.isCfnResource(on)).map(({ finding }) => finding)).toEqual(
      [],
    );
    expect(answers.map(({ finding }) => finding).sort()).toEqual(found);
  });

  test("is answered with a reason each time", () => {
    for (const { finding, reason } of answersOf(app)) expect(reason.length, finding).toBeGreaterThan(40);
  });
});
