import { z } from "zod";
import type { InMemoryExchange } from "./exchange-in-memory.ts";

const Begun = z.object({ next: z.enum(["charge", "none"]), period: z.string().optional() });
const At = z.object({ period: z.string(), cursor: z.string() });
const CutOff = z.discriminatedUnion("next", [
  z.object({ next: z.literal("settle") }),
  z.object({
    next: z.literal("fold"),
    parts: z.int(),
    ranges: z.array(z.looseObject({})),
    buckets: z.array(z.looseObject({})),
  }),
]);

/** The period workflow: closes every day that is over. @param call how a step is called */
export async function closeDays(
  exchange: Pick<InMemoryExchange, "invoke" | "pump">,
  call: (name: string, input: unknown) => Promise<unknown> = exchange.invoke,
): Promise<void> {
  for (;;) {
    const { next, period } = Begun.parse(await call("begin-close", {}));
    if (next === "none" || period === undefined) return;
    for (const name of ["charge-day", "carry-accounts"]) {
      let at = At.parse(await call(name, { period, cursor: "" }));
      while (at.cursor !== "end") at = At.parse(await call(name, at));
    }
    let cut = CutOff.parse(await call("cut-off", { period }));
    while (cut.next === "settle") cut = CutOff.parse(await call("cut-off", { period }));
    for (const range of cut.ranges) await call("fold-range", range);
    for (const bucket of cut.buckets) await call("reduce-bucket", bucket);
    await call("state-payouts", { period, buckets: cut.parts });
    await call("close-period", { period, buckets: cut.parts });
    await exchange.pump();
  }
}
