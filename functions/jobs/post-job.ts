import { streams } from "../../events/catalog/streams.ts";
import { AccountId, JobId, type OwnerId } from "../../events/catalog/values.ts";
import { execute, knownState, loadState } from "../../events/store/execute.ts";
import { centerDecider } from "../../market/center.ts";
import type { KnownJob } from "../../market/job/state.ts";
import { jobDecider } from "../../market/job.ts";
import { marketCurrency } from "../../market/money.ts";
import { periodOf, slotOf } from "../../market/time.ts";
import { readAccount } from "../accounts/account-stream.ts";
import type { NewJob } from "../contract/jobs.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { problem } from "../kit/problems.ts";
import { idFrom } from "../kit/request.ts";
import { assertRegionsKnown, publishedCenters } from "../market/published-centers.ts";
import { assertProductsKnown } from "../market/traded-products.ts";
import { admitJob } from "./admit-job.ts";
import { jobResource } from "./job-resource.ts";

export const create = endpoint(operations.postJob, async ({ body, caller, access, meta, now }) => {
  const { account: named, ...spec } = body;
  const account = named ?? AccountId.parse(caller.owner);
  const { taxRate } = await payingAccount(access, account, caller.owner, now);
  await assertKnown(access, body);
  const job = JobId.parse(idFrom(meta.commandId));
  const parent = await parentOf(access, spec.parent);
  const request = { type: "Request", job, owner: caller.owner, account, spec, taxRate, at: now } as const;
  const command = parent === undefined ? request : { ...request, parent };
  const requested = carriedOut(await execute(access.store, jobDecider, streams.job(job), command, meta));
  const { state, version } = await admitJob(access, requested, meta);
  return { ...jobResource(state, version), location: `/jobs/${job}` };
});
export const handler = onLambda(create);

/** As its log has it now: the decider says whether the caller may name it, and whether it can still be awarded. */
async function parentOf({ store }: Access, id: JobId | undefined): Promise<KnownJob | undefined> {
  if (id === undefined) return undefined;
  const { state } = await loadState(store, jobDecider, streams.job(id));
  return state.phase === "unknown" ? undefined : state;
}

/** The caller's account as its log has it now: its tax rate may have changed a moment ago. */
async function payingAccount(access: Access, account: AccountId, owner: OwnerId, now: number) {
  const found = await readAccount(access, account, periodOf(slotOf(now)));
  if (found === undefined || found.state.owner !== owner)
    throw problem(422, "account-unknown", "POST /accounts opens one; deposits fill it.", "/account");
  const { currency } = found.state;
  if (currency !== marketCurrency)
    throw problem(
      422,
      "currency-not-traded",
      `The market trades in ${marketCurrency}, this account is in ${currency}: name one in ${marketCurrency}.`,
      "/account",
    );
  return found.state;
}

/** What the job names must exist. */
async function assertKnown(access: Access, { home, products, regions = [] }: NewJob) {
  assertProductsKnown(products);
  if (regions.length > 0) assertRegionsKnown(await publishedCenters(access), regions);
  const center = await knownState(access.store, centerDecider, streams.center(home));
  if (center.phase === "unknown")
    throw problem(422, "home-unknown", "GET /market/centers lists the centers.", "/home");
}
