import { Duration } from "aws-cdk-lib";
import { Queue, QueueEncryption, type QueueProps } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { type FunctionSpec, functions } from "../functions/manifest.ts";
import { answerFinding } from "./answered-finding.ts";
import { nameIn } from "./names.ts";

/** Name of the queue that keeps what a function could not do. */
export const deadLetters = (functionName: string) => `${functionName}-dead`;
/** Name of the queue in which a subscriber's events wait for it. */
export const waitingEvents = (functionName: string) => `${functionName}-queue`;

/** Functions that nobody waits for: each has a queue of dead letters. */
export const unattended: readonly FunctionSpec[] = functions.filter(({ trigger }) =>
  ["stream", "events", "schedule"].includes(trigger.kind),
);

/** A queue that keeps messages as long as one can, encrypted at rest and on its way. */
export function createQueue(scope: Construct, name: string, props: QueueProps = {}): Queue {
  const queue = new Queue(scope, name, {
    queueName: nameIn(scope, name),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    ...props,
  });
  if (props.deadLetterQueue === undefined) {
    const reason =
      "It is a queue of dead letters itself: an alarm tells of each, and a person takes them out.";
    answerFinding(queue, "Serverless-SQSRedrivePolicy", reason);
  }
  return queue;
}
