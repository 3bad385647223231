import { Stack, type StackProps } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import type { Construct } from "constructs";
import { functions } from "../functions/manifest.ts";
import { createApi } from "./api.ts";
import { createFunction } from "./functions.ts";
import { type WorkflowName, workflowArn } from "./names.ts";
import { createTables } from "./tables.ts";
import { schedule, scheduleWorkflows, subscribe, wakeByStream } from "./triggers.ts";
import { createAuctionWorkflow, createJobWorkflow, createPeriodWorkflow } from "./workflows.ts";

/** The whole exchange, made by looping over the manifest. */
export class ExchangeStack extends Stack {
  /** Made up by AWS; all else goes by its name. */
  readonly apiId: string;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const tables = createTables(this);
    const bus = new EventBus(this, "bus");
    const resources = { tables, bus, workflowArn: (name: WorkflowName) => workflowArn(this, name) };
    const made = functions.map((spec) => [spec, createFunction(this, spec, resources)] as const);
    const byName = new Map(made.map(([spec, lambda]) => [spec.name, lambda]));
    const handler = (name: string) => {
      const found = byName.get(name);
      if (found === undefined)
        throw new Error(`a workflow needs the function ${name}, which the manifest has not`);
      return found;
    };
    createJobWorkflow(this, handler);
    for (const [spec, lambda] of made) {
      wakeByStream(this, spec, lambda, tables);
      subscribe(this, spec, lambda, bus);
      schedule(this, spec, lambda);
    }
    scheduleWorkflows(this, {
      auction: createAuctionWorkflow(this, handler),
      period: createPeriodWorkflow(this, handler),
    });
    this.apiId = createApi(this, made).apiId;
  }
}
