import { streams } from "../../events/catalog/streams.ts";
import { DepositId } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { centerDecider } from "../../market/center.ts";
import { operations } from "../contract/operations.ts";
import { visibleCenter } from "../finance/visible-center.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { idFrom } from "../kit/request.ts";
import { centerResource } from "./center-resource.ts";

export const create = endpoint(
  operations.postGuarantee,
  async ({ params, body, caller, seesAll, access, meta, now, ...call }) => {
    await visibleCenter(access, params.center, caller, seesAll);
    const deposit = DepositId.parse(idFrom(meta.commandId));
    const command = { type: "PostGuarantee", deposit, mills: body.mills, at: now } as const;
    const expected = call.expectedVersion === undefined ? {} : { expectedVersion: call.expectedVersion };
    const { state, version } = carriedOut(
      await execute(access.store, centerDecider, streams.center(params.center), command, meta, expected),
    );
    return { ...centerResource(state, version), location: `/centers/${params.center}` };
  },
);
export const handler = onLambda(create);
