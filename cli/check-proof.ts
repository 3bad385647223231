import { z } from "zod";
import { isIncluded, type LogHead, leafHash } from "./merkle-verifier.ts";

// What a proof file must hold, written apart from the API's contract, as verify-export.ts is from the feed: whoever is
// handed a file checks it with this and a head, and trusts nothing else.

const Head = z.object({ size: z.int(), root: z.string() });
const Proof = z.object({
  charge: z.string(),
  head: Head,
  leaf: z.int(),
  path: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
  commit: z.string(),
});

const Line = z.object({
  kind: z.string(),
  row: z.int(),
  from: z.string(),
  to: z.string(),
  mills: z.string(),
});
const Charge = z.object({
  charge: z.string(),
  job: z.string(),
  account: z.string(),
  period: z.string(),
  from: z.int(),
  to: z.int(),
  tenantPays: z.string(),
  lines: z.array(Line),
});
export type ProvenCharge = z.infer<typeof Charge>;
const Commit = z.object({
  stream: z.string(),
  version: z.int(),
  time: z.string(),
  events: z.array(z.object({ type: z.string(), data: z.unknown() })),
});

/**
 * unreadable: the file is no proof; otherHead: it is one for another head; notInLog: the commit is not the one under that
 * number; otherCharge: the commit is in the log, and does not post the charge.
 */
export type ProofFault = "unreadable" | "otherHead" | "notInLog" | "otherCharge";

export type ProofVerdict =
  | {
      readonly ok: true;
      readonly charge: ProvenCharge;
      readonly leaf: number;
      readonly stream: string;
      readonly time: string;
    }
  | { readonly ok: false; readonly kind: ProofFault; readonly detail: string };

/** Holds a proof, as JSON text, against a head from elsewhere. */
export function checkProof(text: string, head: LogHead): ProofVerdict {
  const proof = Proof.safeParse(parsed(text));
  if (proof.error !== undefined) return bad("unreadable", "the file is no proof of a charge");
  const { charge, leaf, path, commit, head: own } = proof.data;
  if (own.size !== head.size || own.root !== head.root)
    return bad(
      "otherHead",
      `the proof is for the head ${own.size}:${own.root}; feed consistency tells whether the one continues the other`,
    );
  if (!isIncluded(leafHash(commit), leaf, path, head))
    return bad("notInLog", `the commit is not number ${leaf} of the log of that head`);
  const posted = Commit.safeParse(parsed(commit));
  const found = posted.data?.events
    .filter(({ type }) => type === "ChargePosted")
    .map(({ data }) => Charge.safeParse(data).data)
    .find((data) => data?.charge === charge);
  if (posted.error !== undefined || found === undefined)
    return bad("otherCharge", `the commit is in the log, but does not post ${charge}`);
  return { ok: true, charge: found, leaf, stream: posted.data.stream, time: posted.data.time };
}

function bad(kind: ProofFault, detail: string): ProofVerdict {
  return { ok: false, kind, detail };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
