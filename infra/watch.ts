import { ArnFormat, CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { alarmsOf, createAlarm, type Watched } from "./alarms.ts";
import { createDashboard } from "./dashboard.ts";
import { type WorkflowName, workflowArn } from "./names.ts";
import type { ExchangeStack } from "./stack.ts";

export interface WatchStackProps extends StackProps {
  readonly exchange: ExchangeStack;
}

/**
 * Alarms and the dashboard: a stack beside the exchange's, which is near the number of resources that one stack may
 * have. It names what it watches; only the API's id, which AWS makes up, is handed over.
 */
export class WatchStack extends Stack {
  constructor(scope: Construct, id: string, { exchange, ...props }: WatchStackProps) {
    super(scope, id, props);
    const watched: Watched = {
      stackName: exchange.stackName,
      apiId: exchange.apiId,
      workflowArn: (name: WorkflowName) => workflowArn(this, name, exchange.stackName),
    };
    const topic = createTopic(this);
    const action = new SnsAction(topic);
    const alarms = alarmsOf(watched).map((spec) => createAlarm(this, watched.stackName, spec, action));
    createDashboard(this, watched, alarms);
    new CfnOutput(this, "AlarmTopicArn", { value: topic.topicArn });
  }
}

/** Where alarms go. Its key is our own: CloudWatch may not use the one that AWS has for topics. */
function createTopic(scope: Stack): Topic {
  const cloudWatch = new ServicePrincipal("cloudwatch.amazonaws.com");
  const ofOwnAlarms = {
    StringEquals: { "aws:SourceAccount": scope.account },
    ArnLike: {
      "aws:SourceArn": scope.formatArn({
        service: "cloudwatch",
        resource: "alarm",
        resourceName: "*",
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    },
  };
  const key = new Key(scope, "alarm-key", {
    description: "Encrypts alarms of the exchange on their way.",
    enableKeyRotation: true,
  });
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [cloudWatch],
      actions: ["kms:Decrypt", "kms:GenerateDataKey*"],
      resources: ["*"],
      conditions: ofOwnAlarms,
    }),
  );
  const topic = new Topic(scope, "alarms", { masterKey: key, enforceSSL: true });
  topic.addToResourcePolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      principals: [cloudWatch],
      actions: ["sns:Publish"],
      resources: [topic.topicArn],
      conditions: ofOwnAlarms,
    }),
  );
  return topic;
}
