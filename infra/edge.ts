import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HttpVersion,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  ViewerProtocolPolicy,
} from "aws-cdk-lib/aws-cloudfront";
import { HttpOrigin } from "aws-cdk-lib/aws-cloudfront-origins";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { CfnWebACL } from "aws-cdk-lib/aws-wafv2";
import type { Construct } from "constructs";
import { answerFinding } from "./answered-finding.ts";

export interface EdgeStackProps extends StackProps {
  /** Host of the API, e.g. `a1b2c3.execute-api.eu-central-1.amazonaws.com`. */
  readonly apiDomain: string;
}

/**
 * CloudFront with a web ACL in front of the API, for HTTP APIs take none themselves. Made where it is asked for, always
 * in us-east-1, where AWS keeps CloudFront's ACLs. Whoever knows the API's own address still gets by: docs/deploy.md.
 */
export class EdgeStack extends Stack {
  constructor(scope: Construct, id: string, { apiDomain, ...props }: EdgeStackProps) {
    super(scope, id, props);
    const acl = createWebAcl(this);
    const distribution = new Distribution(this, "edge", {
      comment: "Suanwang's API",
      httpVersion: HttpVersion.HTTP2_AND_3,
      webAclId: acl.attrArn,
      enableLogging: true,
      logBucket: createLogBucket(this),
      defaultBehavior: {
        origin: new HttpOrigin(apiDomain, { protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY }),
        allowedMethods: AllowedMethods.ALLOW_ALL,
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
        // Every answer is the caller's own, and the API says no-store.
        cachePolicy: CachePolicy.CACHING_DISABLED,
        originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      },
    });
    answerFinding(
      distribution,
      "AwsSolutions-CFR1",
      "Centers and tenants may call from any country: who may call at all is in their token.",
    );
    answerFinding(
      distribution,
      "AwsSolutions-CFR4",
      "Only a certificate of one's own lets CloudFront set the oldest TLS version; the domain is the operator's to add.",
    );
    new CfnOutput(this, "EdgeUrl", { value: `https://${distribution.distributionDomainName}` });
  }
}

function createLogBucket(scope: Construct): Bucket {
  const bucket = new Bucket(scope, "edge-log", {
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    // CloudFront writes its log by ACL.
    objectOwnership: ObjectOwnership.OBJECT_WRITER,
    lifecycleRules: [{ expiration: Duration.days(90) }],
    removalPolicy: RemovalPolicy.RETAIN,
  });
  answerFinding(
    bucket,
    "AwsSolutions-S1",
    "It holds the access log itself, and nobody but CloudFront writes to it: a log of the log would be one more such bucket.",
  );
  return bucket;
}

/** AWS's lists of known attacks, and a limit for each address. */
function createWebAcl(scope: Construct): CfnWebACL {
  const visible = (metricName: string) => ({
    cloudWatchMetricsEnabled: true,
    sampledRequestsEnabled: true,
    metricName,
  });
  const managed = (
    priority: number,
    name: string,
    counted: readonly string[] = [],
  ): CfnWebACL.RuleProperty => ({
    name,
    priority,
    overrideAction: { none: {} },
    statement: {
      managedRuleGroupStatement: {
        vendorName: "AWS",
        name,
        ...(counted.length === 0
          ? {}
          : { ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })) }),
      },
    },
    visibilityConfig: visible(name),
  });
  return new CfnWebACL(scope, "web-acl", {
    scope: "CLOUDFRONT",
    defaultAction: { allow: {} },
    visibilityConfig: visible("SuanwangEdge"),
    rules: [
      {
        name: "EachAddress",
        priority: 0,
        action: { block: {} },
        // A center's agent asks a few times a minute for each placement: far more than that is none.
        statement: {
          rateBasedStatement: { aggregateKeyType: "IP", limit: 3000, evaluationWindowSec: 300 },
        },
        visibilityConfig: visible("EachAddress"),
      },
      managed(1, "AWSManagedRulesAmazonIpReputationList"),
      managed(2, "AWSManagedRulesKnownBadInputsRuleSet"),
      // A declaration of links or an offer may be larger than the 8 KB of that rule; the API itself refuses over 256 KB.
      managed(3, "AWSManagedRulesCommonRuleSet", ["SizeRestrictions_BODY"]),
    ],
  });
}
