import { App, Duration, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import { LambdaInvoke } from "aws-cdk-lib/aws-stepfunctions-tasks";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { functionArn, MACHINE_ARN, namedError, runPure } from "../../../test/pure-workflow.ts";
import { loadMachine } from "./load.ts";

/** The definition that CDK writes, with every reference to the function turned into its ARN. */
function written(build: (stack: Stack, lambda: LambdaFunction) => sfn.IChainable): unknown {
  const stack = new Stack(new App(), "Stack");
  const lambda = new LambdaFunction(stack, "Work", {
    runtime: Runtime.NODEJS_22_X,
    handler: "index.handler",
    code: Code.fromInline("exports.handler = async () => null"),
  });
  const definitionBody = sfn.DefinitionBody.fromChainable(build(stack, lambda));
  new sfn.StateMachine(stack, "Machine", { definitionBody, timeout: Duration.hours(8) });
  const { Resources } = resourceSyntax.parse(Template.fromStack(stack).toJSON());
  const machine = Object.values(Resources).find(({ Type }) => Type === "AWS::StepFunctions::StateMachine");
  const { DefinitionString } = machineSyntax.parse(machine?.Properties);
  if (typeof DefinitionString === "string") return JSON.parse(DefinitionString);
  const parts = DefinitionString["Fn::Join"][1].map((part) =>
    typeof part === "string" ? part : reference(part),
  );
  return JSON.parse(parts.join(""));
}

const resourceSyntax = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown() })),
});
const machineSyntax = z.object({
  DefinitionString: z.union([
    z.string(),
    z.object({ "Fn::Join": z.tuple([z.string(), z.array(z.unknown())]) }),
  ]),
});

function reference(part: unknown): string {
  return JSON.stringify(part).includes("AWS::Partition") ? "aws-cn" : functionArn("work");
}

describe("definitions as CDK writes them", () => {
  it("load and run, LambdaInvoke in each of its forms", () => {
    const definition = written((stack, lambdaFunction) => {
      const read = new LambdaInvoke(stack, "Read", {
        lambdaFunction,
        payloadResponseOnly: true,
        resultPath: "$.read",
      });
      const wrapped = new LambdaInvoke(stack, "Wrapped", {
        lambdaFunction,
        payload: sfn.TaskInput.fromObject({
          n: sfn.JsonPath.numberAt("$.n"),
          text: sfn.JsonPath.format("n={}", sfn.JsonPath.stringAt("$.n")),
        }),
        resultSelector: { "got.$": "$.Payload" },
        resultPath: "$.wrapped",
      });
      const dispatch = new LambdaInvoke(stack, "Dispatch", {
        lambdaFunction,
        integrationPattern: sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
        payload: sfn.TaskInput.fromObject({
          token: sfn.JsonPath.taskToken,
          name: sfn.JsonPath.executionName,
        }),
        taskTimeout: sfn.Timeout.at("$.limit"),
        heartbeatTimeout: sfn.Timeout.duration(Duration.minutes(2)),
        resultPath: "$.dispatched",
      });
      const lost = new sfn.Fail(stack, "Lost", { errorPath: "$.error.Error", cause: "nobody answered" });
      dispatch.addRetry({ errors: ["Busy"], interval: Duration.seconds(5), maxDelay: Duration.minutes(1) });
      dispatch.addCatch(lost, { errors: ["States.Timeout"], resultPath: "$.error" });
      const each = new sfn.Map(stack, "Each", {
        itemsPath: "$.items",
        maxConcurrency: 2,
        itemSelector: { "v.$": "$$.Map.Item.Value" },
        resultPath: "$.each",
      });
      each.itemProcessor(new sfn.Pass(stack, "One", { outputPath: "$.v" }));
      const both = new sfn.Parallel(stack, "Both", { resultPath: sfn.JsonPath.DISCARD });
      both.branch(
        new sfn.Pass(stack, "Left"),
        new sfn.Wait(stack, "Right", { time: sfn.WaitTime.secondsPath("$.n") }),
      );
      const done = new sfn.Succeed(stack, "Done");
      const big = sfn.Condition.and(
        sfn.Condition.isPresent("$.n"),
        sfn.Condition.numberGreaterThan("$.n", 1),
      );
      const which = new sfn.Choice(stack, "Which").when(sfn.Condition.not(big), done).otherwise(dispatch);
      dispatch.next(each).next(both).next(done);
      return read.next(wrapped).next(which);
    });
    const input = { n: 3, limit: 600, items: ["x", "y"] };
    const run = runPure(definition, input, (payload) => payload, [
      { afterMs: 60_000, token: "token-3", happening: "heartbeat" },
      { afterMs: 150_000, token: "token-3", happening: "success", output: "accepted" },
    ]);
    expect(run.outcome).toMatchObject({
      status: "SUCCEEDED",
      endedAt: Date.UTC(2026, 0, 1) + 153_000,
      output: {
        ...input,
        read: input,
        wrapped: { got: { n: 3, text: "n=3" } },
        dispatched: "accepted",
        each: ["x", "y"],
      },
    });
    const silent = runPure(definition, input);
    expect(silent.outcome).toMatchObject({
      status: "FAILED",
      error: "States.HeartbeatTimeout",
      cause: "nobody answered",
    });
  });

  it("come with CDK's own Retry for Lambda's faults", () => {
    const definition = written(
      (stack, lambdaFunction) => new LambdaInvoke(stack, "Invoke", { lambdaFunction }),
    );
    let calls = 0;
    const run = runPure(definition, {}, () => {
      calls += 1;
      if (calls < 3) throw namedError("Lambda.ServiceException", "try again");
      return calls;
    });
    expect(run.outcome).toMatchObject({ status: "SUCCEEDED", output: { Payload: 3, StatusCode: 200 } });
  });

  it("are refused with JSONata", () => {
    const definition = written((stack) => sfn.Pass.jsonata(stack, "Pass", { outputs: { a: "{% 1 %}" } }));
    expect(() => loadMachine("m", MACHINE_ARN, definition)).toThrow('state machine "m", state "Pass"');
  });
});
