import * as z from "zod";

/** Errors of the API: RFC 9457 problem details, with the fields at fault and what would be right. */
export const Problem = z.object({
  type: z.string().describe("URI of the kind of problem; about:blank where the status says it all"),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().describe("What is wrong here and how to put it right"),
  code: z.string().describe("Stable, kebab-case"),
  errors: z
    .array(
      z.object({
        pointer: z
          .string()
          .describe(
            "JSON pointer into the body, or `query/NAME`, `path/NAME`, `header/NAME` for a parameter",
          ),
        detail: z.string(),
      }),
    )
    .optional(),
});
export type Problem = z.infer<typeof Problem>;

/** What the gateway in front of the exchange says by itself. */
export const GatewayMessage = z.object({ message: z.string() });

export const problemContentType = "application/problem+json";
