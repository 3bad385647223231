import { isJsonObject, type Json } from "./json.ts";

const FUNCTION_ARN = /^arn:[\w-]+:lambda:[\w-]*:\d*:function:([\w-]+)(?::[\w$-]+)?$/;
const INVOKE_BY_TOKEN = /^arn:[\w-]+:states:::lambda:invoke\.waitForTaskToken$/;

export interface TaskResource {
  readonly functionName: string;
  readonly byToken: boolean;
  /** The template of what the function is given; without one it is given the state's input. */
  readonly payload: Json | undefined;
}

/**
 * What a Task calls: a Lambda function by its ARN, or one that is given a task token to be answered by.
 * @throws Error with the reason for anything else.
 */
export function compileTaskResource(resource: string, parameters: Json | undefined): TaskResource {
  const functionName = FUNCTION_ARN.exec(resource)?.[1];
  if (functionName !== undefined) return { functionName, byToken: false, payload: parameters };
  if (!INVOKE_BY_TOKEN.test(resource)) throw new Error(`"${resource}" is not supported`);
  return compileInvoke(parameters);
}

function compileInvoke(parameters: Json | undefined): TaskResource {
  if (!isJsonObject(parameters)) throw new Error("lambda:invoke needs Parameters with a FunctionName");
  const { FunctionName, Payload, ...rest } = parameters;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw new Error(`Parameters."${unknown}" is not supported`);
  if (typeof FunctionName !== "string") throw new Error("Parameters.FunctionName must be a string");
  const functionName = FUNCTION_ARN.exec(FunctionName)?.[1] ?? FunctionName;
  return { functionName, byToken: true, payload: Payload ?? {} };
}
