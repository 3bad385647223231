import * as z from "zod";
import { Instant, Slot } from "../../events/catalog/values.ts";
import { defineOperation } from "./operation.ts";

export const getOpenApi = defineOperation({
  id: "getOpenApi",
  method: "GET",
  path: "/openapi.json",
  tag: "service",
  summary: "This document",
  roles: "public",
  success: { status: 200, says: "OpenAPI 3.1.", body: z.record(z.string(), z.unknown()) },
});

export const getHealth = defineOperation({
  id: "getHealth",
  method: "GET",
  path: "/health",
  tag: "service",
  summary: "Whether the exchange answers, and what its market clock says",
  roles: "public",
  success: {
    status: 200,
    says: "It answers.",
    body: z.object({
      status: z.literal("ok"),
      marketTime: Instant,
      slot: Slot.describe("The slot in which market time lies"),
    }),
  },
});
