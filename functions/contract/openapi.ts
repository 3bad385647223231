import * as z from "zod";
import { Award } from "../../events/catalog/award.ts";
import { JobSpec } from "../../events/catalog/job.ts";
import { Account, AccountEntry, Deposit } from "./accounts.ts";
import { AssignmentChange, Center, NewCenter } from "./centers.ts";
import { FeedPage } from "./finance.ts";
import { BidOutcome, Job, JobSummary, JobWhy, NewJob } from "./jobs.ts";
import { LedgerBalance, LedgerEntry } from "./ledger.ts";
import { Auction, Product, PublishedCenter, SlotPrice } from "./market.ts";
import { NewOffer, Offer, PublishedOffer } from "./offers.ts";
import type { Operation } from "./operation.ts";
import { PeriodSummary, SettlementPeriod } from "./periods.ts";
import { PlacementState } from "./placements.ts";
import { GatewayMessage, Problem, problemContentType } from "./problem.ts";
import { ChargeProof, TreeHead } from "./proofs.ts";
import { PoolQuote, Quote, QuoteRequest } from "./quotes.ts";
import { Invoice, InvoiceSummary, Payout, PayoutSummary, StatedCorrection } from "./statements.ts";

/** A JSON value of the document. */
type Json = Record<string, unknown>;

/** Schemas that the document names; all others stand where they are used. */
const named = {
  NewOffer,
  Offer,
  PublishedOffer,
  NewJob,
  Job,
  JobSpec,
  JobSummary,
  JobWhy,
  BidOutcome,
  Award,
  QuoteRequest,
  Quote,
  PoolQuote,
  NewCenter,
  Center,
  PublishedCenter,
  AssignmentChange,
  PlacementState,
  Account,
  AccountEntry,
  Deposit,
  Product,
  SlotPrice,
  Auction,
  FeedPage,
  SettlementPeriod,
  TreeHead,
  ChargeProof,
  PeriodSummary,
  LedgerBalance,
  LedgerEntry,
  Invoice,
  InvoiceSummary,
  Payout,
  PayoutSummary,
  StatedCorrection,
  Problem,
  GatewayMessage,
} as const satisfies Record<string, z.ZodType>;

const problemTexts: Readonly<Record<number, string>> = {
  400: "The request does not fit this document; `errors` names the fields.",
  401: "No valid token.",
  403: "None of the caller's roles may do this.",
  404: "There is no such thing of the caller's.",
  413: "The body has more than 256 KB, or comes to more than is recorded at once.",
  409: "The state of the resource does not permit it.",
  412: "If-Match names a version that is no longer the newest.",
  422: "Understood but against the market's rules, or an Idempotency-Key used before with another body.",
  429: "Too many requests.",
  500: "The exchange failed; repeat with the same Idempotency-Key.",
  503: "Too many others write to the same resource: repeat after `Retry-After` seconds.",
};

/** Statuses that the gateway may answer before any function is asked: with a message of its own, which is no problem. */
const byGateway: ReadonlySet<number> = new Set([401, 413, 429, 500, 503]);

/** Gathers named schemas as components while operations are described. */
class Schemas {
  readonly components: Record<string, Json> = {};
  readonly #names = z.registry<{ id: string }>();

  constructor() {
    for (const [id, schema] of Object.entries(named)) this.#names.add(schema, { id });
  }

  /** @throws Error if a component would differ between what is sent and what is answered: it needs two names. */
  schema(of: z.ZodType, io: "input" | "output"): Json {
    const {
      $schema: _,
      $defs = {},
      ...schema
    } = z.toJSONSchema(of, {
      io,
      metadata: this.#names,
      // What fields say is in zod's own registry.
      override: ({ zodSchema, jsonSchema }) => {
        const { description } = z.globalRegistry.get(zodSchema) ?? {};
        if (description !== undefined) jsonSchema.description = description;
      },
    });
    for (const [id, definition] of Object.entries($defs)) this.#keep(id, tidy(withoutId(definition), io));
    return tidy(schema, io);
  }

  #keep(id: string, definition: Json): void {
    const kept = this.components[id];
    if (kept !== undefined && JSON.stringify(kept) !== JSON.stringify(definition))
      throw new Error(`component ${id} has two meanings`);
    this.components[id] = definition;
  }
}

function withoutId({ id: _, ...definition }: Json): Json {
  return definition;
}

/** Points references at the components, and lets answers gain fields without breaking clients. */
function tidy(schema: Json, io: "input" | "output"): Json {
  const text = JSON.stringify(schema, (key, member: unknown) => {
    if (key === "$ref" && typeof member === "string")
      return member.replace("#/$defs/", "#/components/schemas/");
    if (key === "additionalProperties" && member === false && io === "output") return undefined;
    if (key === "minimum" && member === Number.MIN_SAFE_INTEGER) return undefined;
    if (key === "maximum" && member === Number.MAX_SAFE_INTEGER) return undefined;
    return member;
  });
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}

/** The OpenAPI 3.1 document of the operations: the interconnect standard of the network. */
export function openApiDocument(operations: readonly Operation[], version: string): Json {
  const schemas = new Schemas();
  const problemBody = { [problemContentType]: { schema: schemas.schema(Problem, "output") } };
  const gatewayBody = { "application/json": { schema: schemas.schema(GatewayMessage, "output") } };
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const path = paths[operation.path] ?? {};
    path[operation.method.toLowerCase()] = describe(operation, schemas);
    paths[operation.path] = path;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Suanwang",
      version,
      description:
        "A power exchange for AI compute. Times are slots (Unix seconds / 360) or UTC instants; money is mills (1/1000 CNY) as decimal strings; prices are whole fen per card-hour. Answers may gain fields. `security` names the roles of which one is needed; `x-names` says for each id in a request whose it must be (own: another's is answered like one that is not there; published: anybody's; new: it names what is made), and `x-sees-all` the roles to which everybody's count as own.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description:
            "Claims: sub, custom:owner (the organisation), cognito:groups (center, tenant, finance, operator).",
        },
      },
      responses: Object.fromEntries(
        Object.entries(problemTexts).map(([status, description]) => [
          `Problem${status}`,
          { description, content: { ...problemBody, ...(byGateway.has(Number(status)) ? gatewayBody : {}) } },
        ]),
      ),
      schemas: Object.fromEntries(Object.entries(schemas.components).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function describe(operation: Operation, schemas: Schemas): Json {
  const { id, tag, summary, description, roles, names, seesAll, body } = operation;
  const takes = roles === "public" ? "" : `Roles: ${roles.join(", ")}.`;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: [description, takes].filter((part) => part !== undefined && part !== "").join(" "),
    parameters: parametersOf(operation, schemas),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { "application/json": { schema: schemas.schema(body, "input") } },
          },
        }),
    responses: responsesOf(operation, schemas),
    // Any one of the roles suffices.
    security: roles === "public" ? [] : roles.map((role) => ({ token: [role] })),
    ...(names === undefined ? {} : { "x-names": names }),
    ...(seesAll === undefined ? {} : { "x-sees-all": seesAll }),
  };
}

function parametersOf(operation: Operation, schemas: Schemas): Json[] {
  const { method, params, query, problems = [] } = operation;
  const headers: Json[] = [];
  if (method === "POST")
    headers.push({
      name: "Idempotency-Key",
      in: "header",
      required: true,
      description:
        "A repeat with the same key and body gets the first answer's effect, for good; another body gets 422.",
      schema: { type: "string", minLength: 1, maxLength: 255 },
    });
  if (problems.includes(412))
    headers.push({
      name: "If-Match",
      in: "header",
      required: false,
      description: "ETag of the version that is meant; another newest version gets 412.",
      schema: { type: "string" },
    });
  return [...fields(params, "path", schemas), ...fields(query, "query", schemas), ...headers];
}

/** A parameter is typed as what its text means, and needed if there is no default. */
function fields(of: z.ZodObject | undefined, where: "path" | "query", schemas: Schemas): Json[] {
  if (of === undefined) return [];
  return Object.entries(of.shape).map(([name, field]) => {
    const { description, ...schema } = schemas.schema(asZod(field), "output");
    return {
      name,
      in: where,
      required: where === "path" || !asZod(field).safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema,
    };
  });
}

function asZod(field: z.core.$ZodType): z.ZodType {
  if (field instanceof z.ZodType) return field;
  throw new TypeError("a parameter's schema is no Zod schema");
}

function responsesOf(
  { success, problems = [], method, roles, etag, html, body }: Operation,
  schemas: Schemas,
): Json {
  const headers = {
    ...(etag === true
      ? { ETag: { description: "Version of the resource", schema: { type: "string" } } }
      : {}),
    ...(success.status === 201
      ? { Location: { description: "Path where what was made can be read", schema: { type: "string" } } }
      : {}),
  };
  const always = roles === "public" ? [429, 500, 503] : [400, 401, 403, 429, 500, 503];
  const sends = [...(body === undefined ? [] : [413]), ...(method === "POST" ? [422] : [])];
  const statuses = [...new Set([...always, ...problems, ...sends])].sort((a, b) => a - b);
  return {
    [success.status]: {
      description: success.says,
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
      content: {
        "application/json": { schema: schemas.schema(success.body, "output") },
        ...(html === true ? { "text/html": { schema: { type: "string" } } } : {}),
      },
    },
    ...Object.fromEntries(
      statuses.map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]),
    ),
  };
}
