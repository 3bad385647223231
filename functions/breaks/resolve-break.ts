import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { breakDecider } from "../../market/break.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut, versionStale } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { breakResource, loadBreak } from "./break-resource.ts";
import { correctCharge } from "./correct-charge.ts";

export const create = endpoint(
  operations.resolveBreak,
  async ({ params, body, access, meta, now, ...call }) => {
    const { state: before, version: found } = await loadBreak(access, params.break);
    const { resolution, note } = body;
    const expected = call.expectedVersion === undefined ? {} : { expectedVersion: call.expectedVersion };
    if (before.phase === "open" && (call.expectedVersion ?? found) !== found) throw versionStale(found);
    // The charge is amended first: a repeat finds that done, and goes on to say so.
    const corrects = resolution === "corrected" && before.phase === "open";
    const correction =
      corrects && body.correction !== undefined
        ? await correctCharge(access, before.found, body.correction, meta)
        : body.correction && `break-${params.break}`;
    const named = correction === undefined ? {} : { correction };
    const command = { type: "Resolve", resolution, note, ...named, at: now } as const;
    const { state, version } = carriedOut(
      await execute(access.store, breakDecider, streams.break(params.break), command, meta, expected),
    );
    return breakResource(state, version);
  },
);
export const handler = onLambda(create);
