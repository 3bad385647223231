import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, Billing, StreamViewType, TableEncryptionV2, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { type KeyType, type TableName, tableKeys } from "../events/store/tables.ts";

const attributeTypes: Record<KeyType, AttributeType> = { S: AttributeType.STRING, N: AttributeType.NUMBER };

/** Tables whose streams wake a function; the records are wake-ups, so keys are enough. */
const streamed: ReadonlySet<TableName> = new Set<TableName>(["log", "feed"]);

export type Tables = Readonly<Record<TableName, TableV2>>;

export function createTables(scope: Construct): Tables {
  const table = (name: TableName) => {
    const keys = tableKeys[name];
    return new TableV2(scope, `${name}-table`, {
      partitionKey: { name: "pk", type: attributeTypes[keys.pk] },
      ...(keys.sk === undefined ? {} : { sortKey: { name: "sk", type: attributeTypes[keys.sk] } }),
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
      ...(streamed.has(name) ? { dynamoStream: StreamViewType.KEYS_ONLY } : {}),
      ...(name === "operations" ? { timeToLiveAttribute: "expiresAt" } : {}),
    });
  };
  return {
    log: table("log"),
    feed: table("feed"),
    marks: table("marks"),
    views: table("views"),
    operations: table("operations"),
  };
}
