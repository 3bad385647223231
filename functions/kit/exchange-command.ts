import type { CommandMeta } from "../../events/store/execute.ts";
import { instant } from "../../market/time.ts";
import type { Access } from "./host.ts";

/** Meta data of a command that the exchange gives itself; what causes it decides its id, so that repeats find it. */
export function exchangeCommand(
  { clock, env }: Pick<Access, "clock" | "env">,
  commandId: string,
  causationId: string,
): CommandMeta {
  return {
    commandId,
    actor: `exchange:${env.SUANWANG_FUNCTION ?? "exchange"}`,
    causationId,
    correlationId: causationId,
    time: instant(clock.now()),
  };
}
