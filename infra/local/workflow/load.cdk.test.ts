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
  new sfn.StateMachine(stack, "Machine", { definitionBody });
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
  it("load and run", () => {
    const definition = written((stack, lambdaFunction) => {
      const read = new LambdaInvoke(stack, "Read", { lambdaFunction, payloadResponseOnly: true });
      const dispatch = new LambdaInvoke(stack, "Dispatch", {
        lambdaFunction,
        integrationPattern: sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
        payload: sfn.TaskInput.fromObject({ token: sfn.JsonPath.taskToken, n: sfn.JsonPath.numberAt("$.n") }),
        taskTimeout: sfn.Timeout.at("$.limit"),
        resultPath: sfn.JsonPath.DISCARD,
        retryOnServiceExceptions: false,
      });
      const late = new LambdaInvoke(stack, "Late", {
        lambdaFunction,
        payload: sfn.TaskInput.fromText("late"),
        payloadResponseOnly: true,
        retryOnServiceExceptions: false,
      });
      read.addRetry({ errors: ["Busy"], interval: Duration.seconds(5), backoffRate: 2, maxAttempts: 4 });
      dispatch.addCatch(late, { errors: ["States.Timeout"] });
      const each = new sfn.DistributedMap(stack, "Each", {
        itemsPath: "$.items",
        maxConcurrency: 2,
        mapExecutionType: sfn.StateMachineType.STANDARD,
      });
      each.itemProcessor(new sfn.Succeed(stack, "One"));
      const which = new sfn.Choice(stack, "Which")
        .when(sfn.Condition.stringEquals("$.way", "none"), new sfn.Succeed(stack, "Nothing"))
        .when(sfn.Condition.numberLessThanJsonPath("$.n", "$.limit"), dispatch)
        .otherwise(each);
      dispatch.next(each);
      return read.next(which);
    });
    const input = { n: 3, limit: 600, way: "on", items: ["x", "y"] };
    const answers = [{ afterMs: 60_000, token: "token-2", output: "accepted" }];
    const run = runPure(definition, input, (payload) => payload, answers);
    expect(run.outcome).toMatchObject({
      status: "SUCCEEDED",
      endedAt: Date.UTC(2026, 0, 1) + 60_000,
      output: ["x", "y"],
    });
    expect(run.calls.map(({ payload }) => payload)).toEqual([input, { token: "token-2", n: 3 }]);
    const silent = runPure(definition, input);
    expect(silent.outcome).toMatchObject({ status: "SUCCEEDED", endedAt: Date.UTC(2026, 0, 1) + 600_000 });
    expect(silent.calls.map(({ payload }) => payload).at(-1)).toBe("late");
    expect(runPure(definition, { ...input, way: "none" }).calls).toHaveLength(1);
    expect(runPure(definition, { ...input, n: 600 }).outcome).toMatchObject({ output: ["x", "y"] });
  });

  it("come with CDK's own Retry for Lambda's faults", () => {
    const definition = written(
      (stack, lambdaFunction) =>
        new LambdaInvoke(stack, "Invoke", { lambdaFunction, payloadResponseOnly: true }),
    );
    let calls = 0;
    const run = runPure(definition, {}, () => {
      calls += 1;
      if (calls < 3) throw namedError("Lambda.ServiceException", "try again");
      return calls;
    });
    expect(run.outcome).toMatchObject({ status: "SUCCEEDED", output: 3 });
  });

  it("are refused with JSONata", () => {
    const definition = written((stack) => sfn.Pass.jsonata(stack, "Pass", { outputs: { a: "{% 1 %}" } }));
    expect(() => loadMachine("m", MACHINE_ARN, definition)).toThrow('state machine "m", state "Pass"');
  });
});
