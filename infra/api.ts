import { CfnOutput } from "aws-cdk-lib";
import { HttpApi, HttpMethod, HttpNoneAuthorizer } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpJwtAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import {
  CfnUserPoolGroup,
  ClientAttributes,
  OAuthScope,
  StringAttribute,
  UserPool,
  type UserPoolClient,
} from "aws-cdk-lib/aws-cognito";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { FunctionSpec } from "../functions/manifest.ts";

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
  });
  for (const role of roles) {
    new CfnUserPoolGroup(scope, `${role}-group`, { userPoolId: pool.userPoolId, groupName: role });
  }
  const client = pool.addClient("api-client", {
    authFlows: { userSrp: true },
    preventUserExistenceErrors: true,
    oAuth: { scopes: [OAuthScope.OPENID] },
    // Left to the default, users could write their own `custom:owner`.
    readAttributes: new ClientAttributes().withCustomAttributes("owner"),
    writeAttributes: new ClientAttributes().withStandardAttributes({ fullname: true }),
  });
  return { pool, client };
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
  const api = new HttpApi(scope, "api", { apiName: "suanwang" });
  for (const [spec, made] of routes) {
    if (spec.trigger.kind !== "http") continue;
    const { method, path, roles: allowed } = spec.trigger.operation;
    api.addRoutes({
      path,
      methods: [HttpMethod[method]],
      integration: new HttpLambdaIntegration(`${spec.name}-integration`, made),
      authorizer: allowed === "public" ? new HttpNoneAuthorizer() : authorizer,
    });
  }
  new CfnOutput(scope, "ApiUrl", { value: api.apiEndpoint });
  new CfnOutput(scope, "UserPoolId", { value: pool.userPoolId });
  new CfnOutput(scope, "UserPoolClientId", { value: client.userPoolClientId });
  return api;
}
