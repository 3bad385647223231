import type * as z from "zod";

/** Roles of callers: groups of the user pool. */
export const roles = ["center", "tenant", "finance", "operator"] as const;
export type Role = (typeof roles)[number];

/**
 * Whose things a request may name. own: the caller's; another's is answered word for word like one that is not there.
 * published: every member knows of it. new: it names what is made; a name that another has taken is refused.
 */
export type NameRule = "own" | "published" | "new";

/** One operation of the API: what routes, handlers, OpenAPI and clients are made from. */
export interface Operation {
  /** camelCase, unique: the operationId of the OpenAPI document. */
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Template as in OpenAPI: `/offers/{offer}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  /** More than the summary says, where it matters to a caller. */
  readonly description?: string;
  readonly roles: readonly Role[] | "public";
  /** Rule of each place of a request that names a thing: `path/NAME`, `query/NAME`, or a pointer into the body, `*` for any index. */
  readonly names?: Readonly<Record<string, NameRule>>;
  /** Roles for which everybody's things are as their own. */
  readonly seesAll?: readonly Role[];
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The one answer of success; whatever else is answered is a problem (RFC 9457). */
  readonly success: {
    readonly status: 200 | 201 | 202;
    readonly says: string;
    readonly body: z.ZodType;
  };
  /** Problems beyond those that every operation may answer: 400, 401, 403, 413, 429, 500, and 503 where it writes. */
  readonly problems?: readonly (404 | 409 | 412 | 422)[];
  /** The answer can also be had as a page to read: `Accept: text/html`. */
  readonly html?: boolean;
  /** Answers carry the version as ETag, and If-Match is heeded where something changes. */
  readonly etag?: boolean;
}

export function defineOperation<const Defined extends Operation>(operation: Defined): Defined {
  return operation;
}

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
export type ParamsOf<Of extends Operation> = Parsed<Of["params"]>;
export type QueryOf<Of extends Operation> = Parsed<Of["query"]>;
export type BodyOf<Of extends Operation> = Parsed<Of["body"]>;
/** What a client sends as body: defaults may be left out. */
export type RequestBodyOf<Of extends Operation> = Of["body"] extends z.ZodType
  ? z.input<Of["body"]>
  : undefined;
export type AnswerOf<Of extends Operation> = z.output<Of["success"]["body"]>;
