import { CfnOutput, RemovalPolicy } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  HttpApi,
  HttpIntegrationType,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpRouteIntegration,
  type HttpRouteIntegrationConfig,
  HttpStage,
  IntegrationCredentials,
  LogGroupLogDestination,
  PayloadFormatVersion,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpJwtAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import {
  CfnUserPoolGroup,
  ClientAttributes,
  Mfa,
  StringAttribute,
  UserPool,
  type UserPoolClient,
} from "aws-cdk-lib/aws-cognito";
import { Policy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { FunctionSpec } from "../functions/manifest.ts";
import { answerFinding } from "./answered-finding.ts";

const roles = ["center", "tenant", "finance", "operator"] as const;

/** Who may call: roles are groups, the organisation is `custom:owner`, which only an administrator sets. */
function createIdentity(scope: Construct): { pool: UserPool; client: UserPoolClient } {
  const pool = new UserPool(scope, "users", {
    selfSignUpEnabled: false,
    customAttributes: { owner: new StringAttribute({ minLen: 1, maxLen: 64, mutable: true }) },
    passwordPolicy: {
      minLength: 12,
      requireDigits: true,
      requireLowercase: true,
      requireUppercase: true,
      requireSymbols: true,
    },
    mfa: Mfa.OPTIONAL,
    mfaSecondFactor: { sms: false, otp: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  answerFinding(
    pool,
    "AwsSolutions-COG2",
    "Members are programs of centers and tenants as well as people, and a program has no second device: people turn it on.",
  );
  answerFinding(
    pool,
    "AwsSolutions-COG8",
    "Nobody signs up: an administrator makes each user. The plus tier guards against stolen passwords of the public.",
  );
  for (const role of roles) {
    new CfnUserPoolGroup(scope, `${role}-group`, { userPoolId: pool.userPoolId, groupName: role });
  }
  const client = pool.addClient("api-client", {
    // SRP never sends a password; the other is for administrators with AWS credentials.
    authFlows: { userSrp: true, adminUserPassword: true },
    preventUserExistenceErrors: true,
    // Left to the default, a client may send tokens to https://example.com.
    disableOAuth: true,
    // Left to the default, users could write their own `custom:owner`.
    readAttributes: new ClientAttributes().withCustomAttributes("owner"),
    writeAttributes: new ClientAttributes().withStandardAttributes({ fullname: true }),
  });
  return { pool, client };
}

/** Requests a second and at once of all callers together: the rest is answered 429, and costs nothing behind the gateway. */
const throttle = { rateLimit: 300, burstLimit: 600 };

/** Who asked for what and what came of it, without tokens, keys and bodies. */
const accessLog = {
  requestId: "$context.requestId",
  time: "$context.requestTime",
  ip: "$context.identity.sourceIp",
  userAgent: "$context.identity.userAgent",
  subject: "$context.authorizer.claims.sub",
  route: "$context.routeKey",
  status: "$context.status",
  authorizerError: "$context.authorizer.error",
  integrationError: "$context.integrationErrorMessage",
  latencyMs: "$context.responseLatency",
  responseBytes: "$context.responseLength",
};

function createStage(scope: Construct, httpApi: HttpApi): void {
  const destination = new LogGroup(scope, "api-access-log", { retention: RetentionDays.THREE_MONTHS });
  new HttpStage(scope, "api-stage", {
    httpApi,
    stageName: "$default",
    autoDeploy: true,
    throttle,
    accessLogSettings: {
      destination: new LogGroupLogDestination(destination),
      format: AccessLogFormat.custom(JSON.stringify(accessLog)),
    },
  });
}

/** A route's function, called with a role of the API's: a permission on each function would not fit one stack. */
class FunctionIntegration extends HttpRouteIntegration {
  readonly #config: HttpRouteIntegrationConfig;

  constructor(id: string, made: IFunction, role: Role) {
    super(id);
    this.#config = {
      type: HttpIntegrationType.AWS_PROXY,
      uri: made.functionArn,
      payloadFormatVersion: PayloadFormatVersion.VERSION_2_0,
      credentials: IntegrationCredentials.fromRole(role),
    };
  }

  override bind(): HttpRouteIntegrationConfig {
    return this.#config;
  }
}

/** The HTTP API: one route for each operation of the contract, behind the JWT authorizer unless it is public. */
export function createApi(
  scope: Construct,
  routes: readonly (readonly [FunctionSpec, IFunction])[],
): HttpApi {
  const { pool, client } = createIdentity(scope);
  const authorizer = new HttpJwtAuthorizer("members", pool.userPoolProviderUrl, {
    jwtAudience: [client.userPoolClientId],
  });
  const api = new HttpApi(scope, "api", { apiName: "suanwang", createDefaultStage: false });
  createStage(scope, api);
  const caller = new Role(scope, "gateway-role", {
    assumedBy: new ServicePrincipal("apigateway.amazonaws.com"),
  });
  const called = routes.flatMap(([{ trigger }, made]) => (trigger.kind === "http" ? [made.functionArn] : []));
  new Policy(scope, "gateway-policy", {
    roles: [caller],
    statements: [new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: called })],
  });
  for (const [spec, made] of routes) {
    if (spec.trigger.kind !== "http") continue;
    const { method, path, roles: allowed } = spec.trigger.operation;
    const added = api.addRoutes({
      path,
      methods: [HttpMethod[method]],
      integration: new FunctionIntegration(`${spec.name}-integration`, made, caller),
      authorizer: allowed === "public" ? new HttpNoneAuthorizer() : authorizer,
    });
    for (const route of allowed === "public" ? added : []) {
      const reason = `${spec.name} is public by the contract: it tells nothing of any member.`;
      answerFinding(route, "AwsSolutions-APIG4", reason);
    }
  }
  new CfnOutput(scope, "ApiUrl", { value: api.apiEndpoint });
  new CfnOutput(scope, "UserPoolId", { value: pool.userPoolId });
  new CfnOutput(scope, "UserPoolClientId", { value: client.userPoolClientId });
  return api;
}
