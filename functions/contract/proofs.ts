import * as z from "zod";
import { FeedPosition, Period } from "../../events/catalog/values.ts";
import { defineOperation } from "./operation.ts";

const Hash = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 in 64 hex digits");

/** `PLACEMENT:KIND:FROM-TO`, as ChargePosted names it. */
export const ChargeId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.\d+:[A-Za-z0-9._-]{1,80}:\d+-\d+$/, "PLACEMENT:KIND:FROM-TO");
export type ChargeId = z.infer<typeof ChargeId>;

/** What the log comes to: keep it, and no commit in it can change, go or come in between without being found. */
export const TreeHead = z.object({
  size: z.int().min(0).describe("Commits of the log, which are the leaves of its Merkle tree (RFC 6962)"),
  root: Hash.describe("Root of the tree, hex"),
  position: FeedPosition.describe("Last page of the feed that is in it"),
  hash: Hash.describe("Hash of that page, hex"),
  period: Period.optional().describe("Settlement day whose close published it; absent: it is the newest"),
});
export type TreeHead = z.infer<typeof TreeHead>;

const Path = z.array(Hash);

export const getFeedHead = defineOperation({
  id: "getFeedHead",
  method: "GET",
  path: "/feed/head",
  tag: "proofs",
  summary: "The published head of the log, and the proof that it begins with one that you kept",
  description:
    "Finance and operators, who may read the feed, get the newest head; tenants and centers the one that the last daily close published, for the number of commits tells how much is bid.",
  roles: ["tenant", "center", "finance", "operator"],
  query: z.object({
    from: z.coerce.number().int().min(1).optional().describe("Size of the head that you kept"),
  }),
  success: {
    status: 200,
    says: "The head.",
    body: z.object({
      head: TreeHead,
      consistency: Path.optional().describe("Consistency proof from size `from` (RFC 6962, 2.1.2), hex"),
    }),
  },
  problems: [404, 422],
});

export const ChargeProof = z.object({
  charge: ChargeId,
  head: TreeHead,
  leaf: z.int().min(0).describe("Number of the commit among the leaves, from 0"),
  path: Path.describe("Audit path (RFC 6962, 2.1.1) from the leaf upwards, hex"),
  commit: z
    .string()
    .describe(
      "The very text that was hashed: canonical JSON of the commit that posted the charge, and with it whatever else happened to the job in that moment",
    ),
});
export type ChargeProof = z.infer<typeof ChargeProof>;

export const proveCharge = defineOperation({
  id: "proveCharge",
  method: "GET",
  path: "/charges/{charge}/proof",
  tag: "proofs",
  summary: "The proof that a charge of your job is in the log",
  description:
    "Against the head that `GET /feed/head` answers to the same caller. Until it holds the charge, for a tenant until the day is closed, 409.",
  roles: ["tenant", "finance", "operator"],
  names: { "path/charge": "own" },
  seesAll: ["finance", "operator"],
  params: z.object({ charge: ChargeId }),
  success: { status: 200, says: "The proof.", body: ChargeProof },
  problems: [404, 409],
});
