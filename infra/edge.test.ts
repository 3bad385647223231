import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EdgeStack } from "./edge.ts";

let outdir: string;
let template: Template;
beforeAll(() => {
  outdir = mkdtempSync(join(tmpdir(), "edge-"));
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new EdgeStack(app, "Edge", { apiDomain: "api.example.org", env: { region: "us-east-1" } });
  template = Template.fromStack(stack);
});
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

describe("the edge", () => {
  test("asks its web ACL about each request, and hands it on to the API by TLS with its token, uncached", () => {
    const [acl] = Object.keys(
      template.findResources("AWS::WAFv2::WebACL", { Properties: { Scope: "CLOUDFRONT" } }),
    );
    template.resourceCountIs("AWS::CloudFront::Distribution", 1);
    template.hasResourceProperties("AWS::CloudFront::Distribution", {
      DistributionConfig: {
        WebACLId: { "Fn::GetAtt": [acl, "Arn"] },
        Logging: Match.anyValue(),
        DefaultCacheBehavior: {
          ViewerProtocolPolicy: "https-only",
          // AWS's own policies: CachingDisabled and AllViewerExceptHostHeader.
          CachePolicyId: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
          OriginRequestPolicyId: "b689b0a8-53d0-40ab-baf2-68738e2966ac",
        },
        Origins: [
          Match.objectLike({
            DomainName: "api.example.org",
            CustomOriginConfig: Match.objectLike({ OriginProtocolPolicy: "https-only" }),
          }),
        ],
      },
    });
  });

  test("limits each address, and counts what it blocks", () => {
    template.hasResourceProperties("AWS::WAFv2::WebACL", {
      Rules: Match.arrayWith([
        Match.objectLike({
          Action: { Block: {} },
          Statement: { RateBasedStatement: Match.objectLike({ AggregateKeyType: "IP" }) },
        }),
      ]),
    });
    const acls = JSON.stringify(template.findResources("AWS::WAFv2::WebACL"));
    expect(acls).not.toContain('"CloudWatchMetricsEnabled":false');
  });

  test("names changes of AWS's lists only where there are any", () => {
    const acls = JSON.stringify(template.findResources("AWS::WAFv2::WebACL"));
    expect(acls).toContain("SizeRestrictions_BODY");
    expect(acls).not.toContain('"RuleActionOverrides":[]');
  });
});
