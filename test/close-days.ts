import { z } from "zod";
import type { InMemoryExchange } from "./exchange-in-memory.ts";

const Begun = z.discriminatedUnion("next", [
  z.object({ next: z.literal("charge"), period: z.string(), cursor: z.string(), upTo: z.int() }),
  z.object({ next: z.literal("none") }),
]);
const At = z.looseObject({ period: z.string(), cursor: z.string() });
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
  exchange: Pick<InMemoryExchange, "invoke" | "pump" | "wake">,
  call: (name: string, input: unknown) => Promise<unknown> = exchange.invoke,
): Promise<void> {
  for (;;) {
    const begun = Begun.parse(await call("begin-close", {}));
    if (begun.next === "none") return;
    const { period, cursor, upTo } = begun;
    // The lists, and nobody else, get on before the close does.
    await exchange.wake("project-views", [{ pk: "feed", sk: upTo }]);
    for (const name of ["charge-day", "carry-accounts"]) {
      let at = At.parse(await call(name, { period, cursor, upTo }));
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
