import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { ExchangeStack } from "../stack.ts";

/** The template of the exchange's stack, without bundles: here the handlers run from their sources, and no alarm is heard. */
export function synthesize(): unknown {
  const outdir = mkdtempSync(join(tmpdir(), "suanwang-"));
  process.env.CDK_VALIDATION = "false";
  try {
    const app = new App({ outdir, analyticsReporting: false, context: { "aws:cdk:bundling-stacks": [] } });
    new ExchangeStack(app, "Suanwang");
    return app.synth().getStackByName("Suanwang").template;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
