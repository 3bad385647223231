import { ArnFormat, Duration, Stack } from "aws-cdk-lib";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import {
  Choice,
  Condition,
  DefinitionBody,
  DistributedMap,
  Errors,
  type IChainable,
  IntegrationPattern,
  JsonPath,
  LogLevel,
  type RetryProps,
  StateMachine,
  StateMachineType,
  Succeed,
  TaskInput,
  Timeout,
} from "aws-cdk-lib/aws-stepfunctions";
import { LambdaInvoke } from "aws-cdk-lib/aws-stepfunctions-tasks";
import { Construct } from "constructs";
import { answerFinding } from "./answered-finding.ts";
import { nameIn, type WorkflowName, workflowArn } from "./names.ts";

/** Finds the function of a step by its name in the manifest. */
export type StepFunction = (name: string) => IFunction;

/** Every step may be repeated: what it appends is idempotent, and the log says where to go on. */
const again = { maxAttempts: 6, interval: Duration.seconds(1), backoffRate: 2 };

/**
 * @param payload absent: the state's whole input
 * @param retries of errors of their own, before those of all others
 */
function step(
  scope: Construct,
  id: string,
  handler: IFunction,
  payload?: TaskInput,
  retries: readonly RetryProps[] = [],
): LambdaInvoke {
  const task = new LambdaInvoke(scope, id, {
    lambdaFunction: handler,
    ...(payload === undefined ? {} : { payload }),
    payloadResponseOnly: true,
    retryOnServiceExceptions: false,
  });
  for (const retry of [...retries, again]) task.addRetry(retry);
  return task;
}

/** A state machine that may call the functions of its own steps, and nothing else. */
function machine(
  scope: Construct,
  name: WorkflowName,
  start: IChainable,
  called: Iterable<IFunction>,
  { hasDistributedMap = false } = {},
): StateMachine {
  const role = new Role(scope, `${name}-machine-role`, {
    assumedBy: new ServicePrincipal("states.amazonaws.com"),
  });
  const functionArns = [...called].map(({ functionArn }) => functionArn);
  role.addToPolicy(new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: functionArns }));
  role.addToPolicy(new PolicyStatement({ actions: [...logDelivery, ...tracing], resources: ["*"] }));
  const made = new StateMachine(scope, `${name}-machine`, {
    stateMachineName: nameIn(scope, name),
    stateMachineType: StateMachineType.STANDARD,
    definitionBody: DefinitionBody.fromChainable(start),
    // The steps would add every version of a function.
    role: role.withoutPolicyUpdates(),
    logs: {
      level: LogLevel.ERROR,
      destination: new LogGroup(scope, `${name}-machine-log`, { retention: RetentionDays.ONE_MONTH }),
    },
    tracingEnabled: true,
  });
  if (hasDistributedMap) allowChildExecutions(role, made, name);
  made.node.addDependency(role);
  answerFinding(
    role.node.findChild("DefaultPolicy"),
    "AwsSolutions-IAM5[Resource::*]",
    "Log deliveries and X-Ray take no resource; the one statement on * has their actions only.",
  );
  answerFinding(
    made,
    "AwsSolutions-SF1",
    "Errors are logged; each event of a standard execution is in its history for 90 days, and logged it would cost twice.",
  );
  return made;
}

/**
 * A distributed Map runs each item as an execution of its own machine. CDK writes a policy for that, which a role whose
 * policies are all here does not take.
 */
function allowChildExecutions(role: Role, machine: StateMachine, name: WorkflowName): void {
  machine.node.tryRemoveChild("DistributedMapPolicy");
  const stack = Stack.of(machine);
  const ofChildren = `execution:${nameIn(machine, name)}/*`;
  const resource = stack.formatArn({
    service: "states",
    resource: ofChildren,
    arnFormat: ArnFormat.NO_RESOURCE_NAME,
  });
  const start = { actions: ["states:StartExecution"], resources: [workflowArn(stack, name)] };
  const follow = ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"];
  role.addToPolicy(new PolicyStatement(start));
  role.addToPolicy(new PolicyStatement({ actions: follow, resources: [resource] }));
  answerFinding(
    role.node.findChild("DefaultPolicy"),
    `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:${ofChildren}]`,
    "Step Functions makes the names of a Map's executions up; all of them are of this machine.",
  );
}

/** What Step Functions asks for to write to a log group. */
const logDelivery = [
  "logs:CreateLogDelivery",
  "logs:DeleteLogDelivery",
  "logs:DescribeLogGroups",
  "logs:DescribeResourcePolicies",
  "logs:GetLogDelivery",
  "logs:ListLogDeliveries",
  "logs:PutResourcePolicy",
  "logs:UpdateLogDelivery",
];
const tracing = [
  "xray:GetSamplingRules",
  "xray:GetSamplingTargets",
  "xray:PutTelemetryRecords",
  "xray:PutTraceSegments",
];

/** Notes the functions that a workflow asks for: they are those that it may call. */
function noting(find: StepFunction): {
  readonly called: ReadonlySet<IFunction>;
  readonly handler: StepFunction;
} {
  const called = new Set<IFunction>();
  const handler = (name: string) => {
    const found = find(name);
    called.add(found);
    return found;
  };
  return { called, handler };
}

/**
 * The auction: close the gate, clear, publish page by page, seal; then ask for the next gate that is due, which is
 * also how an auction that somebody left unsealed is resumed. Payloads carry keys and hashes only.
 */
export function createAuctionWorkflow(parent: Construct, find: StepFunction): StateMachine {
  const { called, handler } = noting(find);
  const scope = new Construct(parent, "auction-workflow");
  const close = step(scope, "CloseGate", handler("close-gate"), TaskInput.fromObject({}));
  const solve = step(
    scope,
    "Solve",
    handler("solve-auction"),
    TaskInput.fromObject({ auction: JsonPath.numberAt("$.auction") }),
  );
  const publish = step(
    scope,
    "PublishPage",
    handler("publish-awards"),
    TaskInput.fromObject({
      auction: JsonPath.numberAt("$.auction"),
      page: JsonPath.numberAt("$.page"),
      pages: JsonPath.numberAt("$.pages"),
    }),
  );
  const seal = step(
    scope,
    "Seal",
    handler("seal-auction"),
    TaskInput.fromObject({ auction: JsonPath.numberAt("$.auction") }),
  );
  const morePages = new Choice(scope, "MorePages?")
    .when(Condition.numberLessThanJsonPath("$.page", "$.pages"), publish)
    .otherwise(seal);
  const due = new Choice(scope, "AuctionDue?")
    .when(Condition.stringEquals("$.next", "solve"), solve)
    .when(Condition.stringEquals("$.next", "close"), close)
    .otherwise(new Succeed(scope, "NothingDue"));
  close.next(due);
  solve.next(morePages);
  publish.next(morePages);
  seal.next(close);
  return machine(scope, "auction", close, called);
}

/**
 * The job: from the award to the end of its run, in as few transitions as it takes, for they are its largest cost: two
 * waits, and two more for each deadline that passes. A start says how long the first wait may last. One that comes late
 * passes through what is over. A timeout states no fact: it asks the decider, which sees the newest state.
 */
export function createJobWorkflow(parent: Construct, find: StepFunction): StateMachine {
  const { called, handler } = noting(find);
  const scope = new Construct(parent, "job-workflow");
  const keys = { job: JsonPath.stringAt("$.job"), placement: JsonPath.stringAt("$.placement") };
  const wait = (id: string, ask: string, awaited: "started" | "ended") => {
    const task = new LambdaInvoke(scope, id, {
      lambdaFunction: handler("await-job"),
      integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
      payload: TaskInput.fromObject({
        ...keys,
        awaited,
        token: JsonPath.taskToken,
        timeoutSeconds: JsonPath.numberAt("$.timeoutSeconds"),
      }),
      taskTimeout: Timeout.at("$.timeoutSeconds"),
      retryOnServiceExceptions: false,
    });
    // A timeout is no mishap: it is not waited for again, the decider is asked.
    task.addRetry({ errors: [Errors.TIMEOUT], maxAttempts: 0 });
    task.addRetry(again);
    const asked = step(scope, ask, handler("meet-deadline"), TaskInput.fromObject(keys));
    task.addCatch(asked, { errors: [Errors.TIMEOUT], resultPath: JsonPath.DISCARD });
    asked.next(task);
    return task;
  };
  // Who has started has accepted: the deadline to accept is the first wait's first one, and needs no wait of its own.
  const started = wait("AwaitStarted", "AskBeforeStart", "started");
  const ended = wait("AwaitEnded", "AskBeforeEnd", "ended");
  started.next(ended);
  return machine(scope, "job", started, called);
}

/**
 * Executions of one step of a close at once. Each reads up to 256 MB of the feed, which is one partition, and a partition
 * gives 12 MB a second to all of them: more at once would only be throttled, and run out of their five minutes.
 */
const closingAtOnce = 8;

/** A close waits an hour for the lists that it goes by; then it fails, which an alarm tells (decision 0126). */
const untilViewsCatchUp: RetryProps = {
  errors: ["ViewsBehind"],
  maxAttempts: 240,
  interval: Duration.seconds(15),
  backoffRate: 1,
};

/**
 * The period: once the lists have the day, charge what the day delivered, page by page, carry the accounts over, fix where the day ends in the feed,
 * fold what lies before that by ranges of pages and put it together by buckets, state the payouts, close the day for ever.
 */
export function createPeriodWorkflow(parent: Construct, find: StepFunction): StateMachine {
  const { called, handler } = noting(find);
  const scope = new Construct(parent, "period-workflow");
  const of = (
    id: string,
    name: string,
    more: Record<string, unknown> = {},
    retries: readonly RetryProps[] = [],
  ) => {
    const payload = TaskInput.fromObject({ period: JsonPath.stringAt("$.period"), ...more });
    return step(scope, id, handler(name), payload, retries);
  };
  const cursor = JsonPath.stringAt("$.cursor");
  const each = (id: string, itemsPath: string, name: string) =>
    new DistributedMap(scope, id, {
      itemsPath,
      maxConcurrency: closingAtOnce,
      mapExecutionType: StateMachineType.STANDARD,
      resultPath: JsonPath.DISCARD,
    }).itemProcessor(step(scope, `${id}Item`, handler(name)));
  const begin = step(scope, "BeginClose", handler("begin-close"), TaskInput.fromObject({}));
  const charge = of("ChargePage", "charge-day", { cursor, upTo: JsonPath.numberAt("$.upTo") }, [
    untilViewsCatchUp,
  ]);
  const carry = of("CarryPage", "carry-accounts", { cursor });
  const cutOff = of("CutOff", "cut-off");
  const fold = each("FoldRanges", "$.ranges", "fold-range");
  const reduce = each("ReduceBuckets", "$.buckets", "reduce-bucket");
  const buckets = JsonPath.numberAt("$.parts");
  const payouts = of("StatePayouts", "state-payouts", { buckets });
  const close = of("ClosePeriod", "close-period", { buckets });
  const loop = (id: string, again: IChainable, next: IChainable) =>
    new Choice(scope, id).when(Condition.stringEquals("$.cursor", "end"), next).otherwise(again);
  begin.next(
    new Choice(scope, "PeriodDue?")
      .when(Condition.stringEquals("$.next", "charge"), charge)
      .otherwise(new Succeed(scope, "NothingToClose")),
  );
  charge.next(loop("AllCharged?", charge, carry));
  carry.next(loop("AllCarried?", carry, cutOff));
  cutOff.next(
    new Choice(scope, "AllSettled?").when(Condition.stringEquals("$.next", "fold"), fold).otherwise(cutOff),
  );
  fold.next(reduce);
  reduce.next(payouts);
  payouts.next(close);
  // A day that was missed is closed before the one after it.
  close.next(begin);
  return machine(scope, "period", begin, called, { hasDistributedMap: true });
}
