import { App, type AppProps, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { EdgeStack } from "./edge.ts";
import { ExchangeStack } from "./stack.ts";
import { WatchStack } from "./watch.ts";

/** The CDK app; with the context `apiDomain` also what stands in front of the API. A finding of cdk-nag that nobody has answered stops the synthesis. */
export function buildApp(props?: AppProps): App {
  const app = new App(props);
  const exchange = new ExchangeStack(app, "Suanwang");
  new WatchStack(app, "SuanwangWatch", { exchange });
  const apiDomain: unknown = app.node.tryGetContext("apiDomain");
  if (typeof apiDomain === "string")
    new EdgeStack(app, "SuanwangEdge", { apiDomain, env: { region: "us-east-1" } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  return app;
}

if (import.meta.main) buildApp().synth();
