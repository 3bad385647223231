import { isJsonObject, type Json } from "./json.ts";
import type { TaskResource } from "./machine.ts";

const FUNCTION_ARN = /^arn:[\w-]+:lambda:[\w-]*:\d*:function:([\w-]+)(?::[\w$-]+)?$/;
const INVOKE = /^arn:[\w-]+:states:::lambda:invoke(\.waitForTaskToken)?$/;

export interface CompiledResource {
  readonly resource: TaskResource;
  /** The template of what the function is given; without one it is given the state's input. */
  readonly parameters: Json | undefined;
}

/**
 * What a Task calls: a Lambda function by its ARN, or through the `lambda:invoke` integration.
 * @throws Error with the reason for anything else.
 */
export function compileTaskResource(resource: string, parameters: Json | undefined): CompiledResource {
  const functionName = FUNCTION_ARN.exec(resource)?.[1];
  if (functionName !== undefined) return { resource: { functionName, integration: "direct" }, parameters };
  const invoke = INVOKE.exec(resource);
  if (invoke === null) throw new Error(`"${resource}" is not supported`);
  const integration = invoke[1] === undefined ? "invoke" : "token";
  return compileInvoke(integration, parameters);
}

function compileInvoke(integration: "invoke" | "token", parameters: Json | undefined): CompiledResource {
  if (!isJsonObject(parameters)) throw new Error("lambda:invoke needs Parameters with a FunctionName");
  const { FunctionName, Payload, "Payload.$": payloadPath, InvocationType, ...rest } = parameters;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw new Error(`Parameters."${unknown}" is not supported`);
  if (typeof FunctionName !== "string") throw new Error("Parameters.FunctionName must be a string");
  if (InvocationType !== undefined && InvocationType !== "RequestResponse") {
    throw new Error("Parameters.InvocationType must be RequestResponse");
  }
  if (Payload !== undefined && payloadPath !== undefined) {
    throw new Error("Parameters has both Payload and Payload.$");
  }
  const functionName = FUNCTION_ARN.exec(FunctionName)?.[1] ?? FunctionName;
  const payload: Json = payloadPath === undefined ? { Payload: Payload ?? {} } : { "Payload.$": payloadPath };
  return { resource: { functionName, integration }, parameters: payload };
}
