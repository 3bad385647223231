/** JSON as templates hold it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly properties: JsonObject;
}

/** What stands for AWS's pseudo parameters on one machine. */
const pseudo: Readonly<Record<string, string>> = {
  "AWS::Partition": "aws",
  "AWS::Region": "local",
  "AWS::AccountId": "000000000000",
  "AWS::URLSuffix": "localhost",
  "AWS::StackName": "Suanwang",
};

export const region = "local";
export const functionArn = (name: string) => `arn:aws:lambda:local:000000000000:function:${name}`;
export const machineArn = (name: string) => `arn:aws:states:local:000000000000:stateMachine:${name}`;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function asObject(value: Json | undefined, where: string): JsonObject {
  if (isObject(value)) return value;
  throw new Error(`${where} of the template is no object`);
}

export function asList(value: Json | undefined, where: string): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${where} of the template is no list`);
}

export function asText(value: Json | undefined, where: string): string {
  if (typeof value === "string") return value;
  throw new Error(`${where} of the template is no text: ${JSON.stringify(value)}`);
}

export function asNumber(value: Json | undefined, where: string, absent?: number): number {
  const number = value ?? absent;
  if (typeof number === "number") return number;
  throw new Error(`${where} of the template is no number`);
}

/** The resources of a template by their logical ids. @throws Error for a template that is none. */
export function resourcesOf(template: unknown): ReadonlyMap<string, Resource> {
  const all = isObject(template) ? asObject(template.Resources, "Resources") : {};
  return new Map(
    Object.entries(all).map(([id, value]) => {
      const { Type, Properties } = asObject(value, id);
      return [id, { id, type: asText(Type, `${id}.Type`), properties: asObject(Properties ?? {}, id) }];
    }),
  );
}

/**
 * Values with Ref, Fn::GetAtt, Fn::Join and Fn::Sub put in. What a resource is called here: a function by its name in
 * the manifest, a state machine by its ARN, all else by its logical id. @throws Error for any other intrinsic.
 */
export function createResolver(resources: ReadonlyMap<string, Resource>): (value: Json) => Json {
  const nameOf = (id: string): string => {
    const resource = resources.get(id);
    if (resource === undefined) return pseudo[id] ?? fail(`Ref ${id}`);
    switch (resource.type) {
      case "AWS::Lambda::Function":
        return functionName(resource);
      case "AWS::StepFunctions::StateMachine":
        return machineArn(asText(resource.properties.StateMachineName, id));
      default:
        return id;
    }
  };
  const attribute = (id: string, name: string): string => {
    const resource = resources.get(id) ?? fail(`Fn::GetAtt ${id}`);
    if (name === "Arn" && resource.type === "AWS::Lambda::Function")
      return functionArn(functionName(resource));
    if (name === "Arn" && resource.type === "AWS::StepFunctions::StateMachine")
      return machineArn(asText(resource.properties.StateMachineName, id));
    return `${id}.${name}`;
  };
  const resolve = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(resolve);
    if (!isObject(value)) return value;
    const [key = "", argument] = Object.entries(value)[0] ?? [];
    switch (key) {
      case "Ref":
        return nameOf(asText(argument, "Ref"));
      case "Fn::GetAtt": {
        const [id, name] = asList(argument, key);
        return attribute(asText(id, key), asText(name, key));
      }
      case "Fn::Join": {
        const [separator, parts] = asList(argument, key);
        return asList(parts, key)
          .map((part) => asText(resolve(part), key))
          .join(asText(separator, key));
      }
      case "Fn::Sub":
        return asText(argument, key).replaceAll(/\$\{([^}]+)\}/g, (_, id: string) => nameOf(id));
      default:
        if (key.startsWith("Fn::")) fail(key);
        return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, resolve(part)]));
    }
  };
  return resolve;
}

export function functionName({ id, properties }: Resource): string {
  const environment = asObject(properties.Environment, `${id}.Environment`);
  return asText(asObject(environment.Variables, id).SUANWANG_FUNCTION, `${id} SUANWANG_FUNCTION`);
}

function fail(what: string): never {
  throw new Error(`the local exchange cannot do ${what} of the template`);
}
