import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { breakDecider } from "../../market/break.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { problem } from "../kit/problems.ts";
import { breakResource, loadBreak } from "./break-resource.ts";
import { assertAmends, finishCorrection, resolutionOf } from "./correct-charge.ts";

export const create = endpoint(
  operations.resolveBreak,
  async ({ params, body, access, meta, now, ...call }) => {
    const { state: before } = await loadBreak(access, params.break);
    const resolution = resolutionOf(before.found, body);
    const { amends } = resolution;
    if (amends !== undefined && before.phase === "open")
      await assertAmends(access, before.found, amends, now);
    const expected = call.expectedVersion === undefined ? {} : { expectedVersion: call.expectedVersion };
    const command = { type: "Resolve", ...resolution, note: body.note, at: now } as const;
    const { state, version } = carriedOut(
      await execute(access.store, breakDecider, streams.break(params.break), command, meta, expected),
    );
    // The break's stream has decided. The charge is amended after that, by this request or whoever finds it undone.
    const refused = state.phase === "unknown" ? undefined : await finishCorrection(access, state, meta);
    if (refused !== undefined) throw problem(422, "correction-refused", refused, "/correction");
    return breakResource(state, version);
  },
);
export const handler = onLambda(create);
