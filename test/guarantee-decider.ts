import type { EventOf } from "../events/catalog/definition.ts";
import { CenterId, MillsText } from "../events/catalog/values.ts";

/** Adds to the guarantee of the stream's center. Twice is twice: only the store knows a repetition. */
export interface PostGuarantee {
  readonly mills: bigint;
}

export interface GuaranteeState {
  readonly total: bigint;
  readonly posts: number;
}

type GuaranteePosted = EventOf<"GuaranteePosted", { center: CenterId; mills: MillsText }>;

/** What the tests' center may have posted in all. */
export const guaranteeCap = 1_000n;

const center = CenterId.parse("xian");

/**
 * The smallest rules that show what the store does: a sum with a cap. A post of nothing changes nothing; a negative
 * one takes back.
 */
export const guaranteeDecider = {
  initial: { total: 0n, posts: 0 } as GuaranteeState,
  decide({ mills }: PostGuarantee, { total }: GuaranteeState) {
    if (total + mills > guaranteeCap) return { ok: false, rejection: "over the cap" } as const;
    if (mills === 0n) return { ok: true, events: [] } as const;
    const data = { center, mills: MillsText.parse(String(mills)) };
    return { ok: true, events: [{ type: "GuaranteePosted", data }] satisfies GuaranteePosted[] } as const;
  },
  evolve: ({ total, posts }: GuaranteeState, event: GuaranteePosted): GuaranteeState => ({
    total: total + BigInt(event.data.mills),
    posts: posts + 1,
  }),
};

export function commandMeta(commandId: string, requestHash?: string) {
  return {
    commandId,
    actor: "center:owner-1",
    causationId: commandId,
    correlationId: commandId,
    time: "2026-01-05T00:00:00.000Z",
    ...(requestHash === undefined ? {} : { requestHash }),
  };
}
