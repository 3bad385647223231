import { App, type AppProps } from "aws-cdk-lib";
import { ExchangeStack } from "./stack.ts";

/** The CDK app: `cdk synth` and the local exchange build the very same one. */
export function buildApp(props?: AppProps): App {
  const app = new App(props);
  new ExchangeStack(app, "Suanwang");
  return app;
}

if (import.meta.main) buildApp().synth();
