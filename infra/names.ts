import { ArnFormat, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";

// Functions, queues and state machines go by names that follow from the stack's, so that an operator can type them
// and the stack of alarms can name them without an export for each.

export type WorkflowName = "auction" | "job" | "period";
export const workflowNames: readonly WorkflowName[] = ["auction", "job", "period"];

/** Name of a function, queue or state machine of a stack. */
export function resourceName(stackName: string, name: string): string {
  return `${stackName}-${name}`;
}

/** ARN of a workflow from its name alone, so that functions can be made before it. */
export function workflowArn(stack: Stack, name: WorkflowName, stackName = stack.stackName): string {
  return stack.formatArn({
    service: "states",
    resource: "stateMachine",
    resourceName: resourceName(stackName, name),
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

export function nameIn(scope: Construct, name: string): string {
  return resourceName(Stack.of(scope).stackName, name);
}
