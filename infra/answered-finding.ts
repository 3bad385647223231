import { Validations } from "aws-cdk-lib";
import type { Construct } from "constructs";

/**
 * Answers a finding of cdk-nag on one resource of the template, for a reason that is true of that resource.
 * A test refuses answers to what is no finding, and any that would hold for more than one resource.
 * @param id as cdk-nag prints it, e.g. `AwsSolutions-IAM5[Resource::*]`
 */
export function answerFinding(construct: Construct, id: string, reason: string): void {
  Validations.of(construct.node.defaultChild ?? construct).acknowledge({ id, reason });
}

/** X-Ray knows no resources: its actions are granted on all or not at all. */
export function answerTracing(policy: Construct): void {
  answerFinding(
    policy,
    "AwsSolutions-IAM5[Resource::*]",
    "xray:PutTraceSegments and xray:PutTelemetryRecords take no resource; the policy has no other statement on *.",
  );
}
