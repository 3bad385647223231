import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { functions } from "../functions/manifest.ts";
import { metricDimension, metricNamespace, metrics } from "../functions/metrics.ts";
import { buildApp } from "./app.ts";

const text = z.string();
const Dimensions = z.array(z.object({ Name: text, Value: z.unknown() })).default([]);
const Alarm = z.object({
  AlarmName: text,
  AlarmDescription: text,
  AlarmActions: z.array(z.unknown()),
  OKActions: z.array(z.unknown()),
  TreatMissingData: text,
  ComparisonOperator: text,
  Threshold: z.number(),
  EvaluationPeriods: z.int(),
  // One metric by itself, or several in an expression.
  Namespace: text.optional(),
  MetricName: text.optional(),
  Dimensions,
  Metrics: z
    .array(
      z.object({
        MetricStat: z
          .object({ Metric: z.object({ Namespace: text, MetricName: text, Dimensions }) })
          .optional(),
      }),
    )
    .default([]),
});
const Template = z.object({
  Resources: z.record(text, z.object({ Type: text, Properties: z.unknown() })),
});
type Resources = z.infer<typeof Template>["Resources"];

let outdir: string;
let exchange: Resources;
let watch: Resources;
beforeAll(() => {
  outdir = mkdtempSync(join(tmpdir(), "watch-"));
  const assembly = buildApp({
    outdir,
    analyticsReporting: false,
    context: { "aws:cdk:bundling-stacks": [] },
  }).synth();
  exchange = Template.parse(assembly.getStackByName("Suanwang").template).Resources;
  watch = Template.parse(assembly.getStackByName("SuanwangWatch").template).Resources;
});
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const ofType = (resources: Resources, type: string) =>
  Object.entries(resources).filter(([, resource]) => resource.Type === type);
const alarms = () =>
  ofType(watch, "AWS::CloudWatch::Alarm").map(([, { Properties }]) => Alarm.parse(Properties));

/** `NAMESPACE METRIC DIMENSION=VALUE` of each metric that an alarm looks at. */
function watchedBy(alarm: z.infer<typeof Alarm>): string[] {
  const own = { Namespace: alarm.Namespace, MetricName: alarm.MetricName, Dimensions: alarm.Dimensions };
  const all = [
    ...(alarm.MetricName === undefined ? [] : [own]),
    ...alarm.Metrics.flatMap((m) => m.MetricStat?.Metric ?? []),
  ];
  return all.map(({ Namespace, MetricName, Dimensions }) =>
    [
      `${Namespace} ${MetricName}`,
      ...Dimensions.map(
        ({ Name, Value }) => `${Name}=${typeof Value === "string" ? Value : JSON.stringify(Value)}`,
      ),
    ].join(" "),
  );
}
const watched = () => new Set(alarms().flatMap(watchedBy));

/** Physical names that the exchange's template gives to its resources of a type. */
function namesOf(type: string, property: string): string[] {
  const Named = z.looseObject({ [property]: text });
  return ofType(exchange, type).map(([, { Properties }]) => text.parse(Named.parse(Properties)[property]));
}

describe("alarms", () => {
  test("look at errors of every function", () => {
    const names = namesOf("AWS::Lambda::Function", "FunctionName");
    expect(names).toHaveLength(functions.length);
    const errors = names.map((name) => `AWS/Lambda Errors FunctionName=${name}`);
    expect(errors.filter((metric) => !watched().has(metric))).toEqual([]);
    expect(watched()).toContain("AWS/Lambda Throttles");
  });

  test("look at every queue: dead letters at the first one, and events that nobody takes out", () => {
    for (const name of namesOf("AWS::SQS::Queue", "QueueName")) {
      const dead = name.endsWith("-dead");
      const metric = dead ? "ApproximateNumberOfMessagesVisible" : "ApproximateAgeOfOldestMessage";
      const [alarm, ...more] = alarms().filter((one) =>
        watchedBy(one).includes(`AWS/SQS ${metric} QueueName=${name}`),
      );
      expect(more, name).toEqual([]);
      if (alarm === undefined) throw new Error(`no alarm looks at ${name}`);
      if (dead) expect([alarm.Threshold, alarm.EvaluationPeriods], name).toEqual([1, 1]);
    }
  });

  test("cost what deploy.md says, as do the queues that are polled", async () => {
    const document = await readFile(new URL("../docs/deploy.md", import.meta.url), "utf8");
    const rows = document.split("\n").map((line) => line.split(/ *\| */).slice(1, -1));
    const all = alarms().flatMap(watchedBy).length;
    const cost = (all / 10).toFixed(2);
    expect(rows).toContainEqual(["alarms", `${alarms().length}, of ${all} metrics, at 0.10`, cost]);
    // Five pollers of Lambda for each, each asking every twenty seconds.
    const queues = functions.filter(({ trigger }) => trigger.kind === "events").length;
    const millions = (queues * 5 * 3 * 60 * 24 * 30) / 1e6;
    const polls = `polls of ${queues} queues by Lambda, about ${millions.toFixed(1)} M, at 0.40`;
    expect(rows).toContainEqual(["SQS", polls, (millions * 0.4).toFixed(2)]);
  });

  test("look at executions of every state machine that did not go well", () => {
    for (const name of namesOf("AWS::StepFunctions::StateMachine", "StateMachineName"))
      for (const metric of ["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"]) {
        const found = [...watched()].filter(
          (one) => one.startsWith(`AWS/States ${metric} `) && one.includes(`:stateMachine:${name}"`),
        );
        expect(found, `${metric} of ${name}`).toHaveLength(1);
      }
  });

  test("look at every metric of our own, of each function that emits it, and at no other of our own", () => {
    const own = Object.entries(metrics).flatMap(([name, { from }]) =>
      from.map((service) => `${metricNamespace} ${name} ${metricDimension}=${service}`),
    );
    expect([...watched()].filter((metric) => metric.startsWith(`${metricNamespace} `)).sort()).toEqual(
      own.sort(),
    );
  });

  test("look at how long each stream's records wait, also where nothing succeeds", () => {
    for (const { name, trigger } of functions)
      if (trigger.kind === "stream")
        expect(watched()).toContain(`AWS/Lambda IteratorAge FunctionName=Suanwang-${name}`);
  });

  test("look at what the API failed", () => {
    expect([...watched()].filter((metric) => metric.startsWith("AWS/ApiGateway 5xx ApiId="))).toHaveLength(1);
  });

  test("take silence of the watcher of auctions for bad news, and any other silence for good", () => {
    for (const alarm of alarms()) {
      const ofWatcher =
        alarm.AlarmName.startsWith("Suanwang-watch-auctions-") && /Age/.test(watchedBy(alarm).join());
      expect(alarm.TreatMissingData, alarm.AlarmName).toBe(ofWatcher ? "breaching" : "notBreaching");
      expect(alarm.ComparisonOperator).toBe("GreaterThanOrEqualToThreshold");
    }
  });

  test("go by names that operations.md explains, which explains no other", async () => {
    const document = await readFile(new URL("../docs/operations.md", import.meta.url), "utf8");
    const section = /## Alarms\n(.*?)\n## /s.exec(document)?.[1] ?? "";
    const explained = section
      .split("\n")
      .flatMap((line) => line.split("|")[1]?.match(/(?<=`)[a-z0-9*-]+(?=`)/g) ?? []);
    const fits = (pattern: string, name: string) =>
      new RegExp(`^Suanwang-${pattern.replaceAll("*", ".+")}$`).test(name);
    const names = alarms().map(({ AlarmName }) => AlarmName);
    expect(names.filter((name) => !explained.some((pattern) => fits(pattern, name)))).toEqual([]);
    expect(explained.filter((pattern) => !names.some((name) => fits(pattern, name)))).toEqual([]);
  });

  test("tell the topic of their beginning and end", () => {
    const [topic, ...more] = ofType(watch, "AWS::SNS::Topic");
    if (topic === undefined) throw new Error("there is no topic");
    expect(more).toEqual([]);
    for (const { AlarmName, AlarmActions, OKActions, AlarmDescription } of alarms()) {
      expect([AlarmActions, OKActions], AlarmName).toEqual([[{ Ref: topic[0] }], [{ Ref: topic[0] }]]);
      expect(AlarmDescription).toContain("docs/operations.md");
    }
  });
});

const Statement = z.object({
  Effect: text,
  Action: z.unknown(),
  Principal: z.unknown(),
  Condition: z.record(text, z.record(text, z.unknown())).optional(),
});

describe("the topic of alarms", () => {
  test("is encrypted by a key that CloudWatch may use, for alarms of this account alone", () => {
    const [topic] = ofType(watch, "AWS::SNS::Topic");
    const [key] = ofType(watch, "AWS::KMS::Key");
    if (topic === undefined || key === undefined) throw new Error("there is no topic or no key");
    expect(topic[1].Properties).toMatchObject({ KmsMasterKeyId: { "Fn::GetAtt": [key[0], "Arn"] } });
    expect(key[1].Properties).toMatchObject({ EnableKeyRotation: true });
    const { KeyPolicy } = z
      .object({ KeyPolicy: z.object({ Statement: z.array(Statement) }) })
      .parse(key[1].Properties);
    const uses = KeyPolicy.Statement.filter(
      ({ Principal }) => JSON.stringify(Principal) === '{"Service":"cloudwatch.amazonaws.com"}',
    );
    expect(uses.map(({ Action, Condition }) => [Action, Object.keys(Condition ?? {}).sort()])).toEqual([
      [
        ["kms:Decrypt", "kms:GenerateDataKey*"],
        ["ArnLike", "StringEquals"],
      ],
    ]);
  });

  test("takes messages of CloudWatch's alarms in this account, and nothing in the clear", () => {
    const policies = ofType(watch, "AWS::SNS::TopicPolicy").map(([, { Properties }]) =>
      z.object({ PolicyDocument: z.object({ Statement: z.array(Statement) }) }).parse(Properties),
    );
    const statements = policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    const allowed = statements.filter(({ Effect }) => Effect === "Allow");
    expect(allowed.map(({ Action, Principal }) => [Action, Principal])).toEqual([
      ["sns:Publish", { Service: "cloudwatch.amazonaws.com" }],
    ]);
    for (const { Condition } of allowed)
      expect(Object.keys(Condition ?? {}).sort()).toEqual(["ArnLike", "StringEquals"]);
    expect(statements.filter(({ Effect }) => Effect === "Deny")).toMatchObject([
      { Condition: { Bool: { "aws:SecureTransport": "false" } } },
    ]);
  });
});

test("the dashboard shows every alarm, and each metric of our own", () => {
  const [dashboard, ...more] = ofType(watch, "AWS::CloudWatch::Dashboard");
  expect(more).toEqual([]);
  const shown = JSON.stringify(dashboard?.[1].Properties);
  for (const [id] of ofType(watch, "AWS::CloudWatch::Alarm")) expect(shown).toContain(`"${id}","Arn"`);
  for (const name of Object.keys(metrics)) expect(shown).toContain(name);
});
