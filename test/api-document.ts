import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { expect } from "vitest";
import { z } from "zod";

// The API as its published document describes it: tests made from it know no schema but the document's own.

const JsonSchema = z.record(z.string(), z.unknown());
export type JsonSchema = z.infer<typeof JsonSchema>;
const Content = z.record(z.string(), z.object({ schema: JsonSchema }));
const Response = z.object({
  content: Content,
  headers: z.record(z.string(), z.unknown()).default({}),
});

const Parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header"]),
  required: z.boolean(),
  schema: JsonSchema,
});
export type Parameter = z.infer<typeof Parameter>;

const Described = z.object({
  operationId: z.string(),
  parameters: z.array(Parameter),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), JsonSchema),
  security: z.array(z.object({ token: z.array(z.string()) })),
  "x-names": z.record(z.string(), z.enum(["own", "published", "new"])).default({}),
  "x-sees-all": z.array(z.string()).default([]),
});

const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Described)),
  components: z.object({
    schemas: z.record(z.string(), JsonSchema),
    responses: z.record(z.string(), Response),
  }),
});

const document = Document.parse(
  JSON.parse(readFileSync(new URL("../docs/openapi.json", import.meta.url), "utf8")),
);

export interface DescribedOperation {
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** Empty: anybody may call it. */
  readonly roles: readonly string[];
  readonly names: Readonly<Record<string, "own" | "published" | "new">>;
  readonly seesAll: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly body: JsonSchema | undefined;
  readonly responses: Readonly<Record<string, z.infer<typeof Response>>>;
  /** The one answer of success. */
  readonly success: number;
}

const Method = z.enum(["GET", "POST", "PUT", "DELETE"]);

/** Every operation of docs/openapi.json. */
export const described: readonly DescribedOperation[] = Object.entries(document.paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(([method, one]) => {
      const responses = Object.fromEntries(
        Object.entries(one.responses).map(([status, response]) => [status, responseOf(response)]),
      );
      return {
        id: one.operationId,
        method: Method.parse(method.toUpperCase()),
        path,
        roles: one.security.flatMap(({ token }) => token),
        names: one["x-names"],
        seesAll: one["x-sees-all"],
        parameters: one.parameters,
        body: one.requestBody?.content["application/json"]?.schema,
        responses,
        success: Number(Object.keys(responses).find((status) => status.startsWith("2"))),
      };
    }),
);

function responseOf(response: JsonSchema): z.infer<typeof Response> {
  const reference = response.$ref;
  if (typeof reference !== "string") return Response.parse(response);
  const found = document.components.responses[reference.replace("#/components/responses/", "")];
  if (found === undefined) throw new Error(`the document has no ${reference}`);
  return found;
}

/** The schema itself where it refers to a component. */
export function resolved(schema: JsonSchema): JsonSchema {
  const reference = schema.$ref;
  if (typeof reference !== "string") return schema;
  const found = document.components.schemas[reference.replace("#/components/schemas/", "")];
  if (found === undefined) throw new Error(`the document has no ${reference}`);
  return resolved(found);
}

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
const validators = new Map<JsonSchema, ValidateFunction>();

function validatorOf(schema: JsonSchema): ValidateFunction {
  const known = validators.get(schema) ?? ajv.compile({ ...schema, components: document.components });
  validators.set(schema, known);
  return known;
}

/** Whether a value is of a schema of the document. */
export function fits(schema: JsonSchema, value: unknown): boolean {
  return validatorOf(schema)(value) === true;
}

/** What a function hands to the gateway. */
export const ApiResult = z.object({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});
export type ApiResult = z.infer<typeof ApiResult>;

/** Holds an answer against the document: its status, its content type, its body and the headers that come with it. */
export function expectDescribed(operation: DescribedOperation, result: unknown): ApiResult {
  const answer = ApiResult.parse(result);
  const response = operation.responses[answer.statusCode];
  if (response === undefined)
    throw new Error(`${operation.id} may not answer ${answer.statusCode}: ${answer.body}`);
  const contentType = answer.headers["content-type"] ?? "";
  const schema = response.content[contentType]?.schema;
  if (schema === undefined) throw new Error(`${operation.id} may not answer with ${contentType}`);
  const body: unknown = JSON.parse(answer.body);
  const validate = validatorOf(schema);
  const whole = `${operation.id} ${answer.statusCode} ${answer.body}`;
  expect(validate(body) ? [] : validate.errors, whole).toEqual([]);
  for (const name of Object.keys(response.headers))
    expect(answer.headers, whole).toHaveProperty([name.toLowerCase()]);
  if (answer.statusCode >= 400) expect(body).toMatchObject({ status: answer.statusCode });
  return answer;
}

/** A place of a request that holds a value: `path/NAME`, `query/NAME`, or a pointer into the body with `*` for any index. */
export interface Place {
  readonly at: string;
  readonly schema: JsonSchema;
}

/** Every place of a request but headers. */
export function placesOf({ parameters, body }: DescribedOperation): Place[] {
  const ofParameters = parameters
    .filter(({ in: where }) => where !== "header")
    .map(({ name, in: where, schema }) => ({ at: `${where}/${name}`, schema: resolved(schema) }));
  return [...ofParameters, ...(body === undefined ? [] : placesIn(body, ""))];
}

function placesIn(given: JsonSchema, at: string): Place[] {
  const schema = resolved(given);
  const properties = z.record(z.string(), JsonSchema).default({}).parse(schema.properties);
  const items = JsonSchema.optional().parse(schema.items);
  const inside = Object.entries(properties).flatMap(([name, member]) => placesIn(member, `${at}/${name}`));
  return [{ at, schema }, ...inside, ...(items === undefined ? [] : placesIn(items, `${at}/*`))];
}
