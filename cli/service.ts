import { Command } from "@commander-js/extra-typings";
import { getHealth, getOpenApi } from "../functions/contract/service.ts";
import { time } from "./figures.ts";
import type { Session } from "./session.ts";
import { record } from "./table.ts";

export function healthCommand(session: Session): Command {
  return new Command("health").description(getHealth.summary).action(() =>
    session.run(getHealth, {}, ({ status, marketTime, slot }) =>
      record([
        ["status", status],
        ["market time", time(marketTime)],
        ["slot", slot],
      ]),
    ),
  );
}

export function openApiCommand(session: Session): Command {
  return new Command("openapi")
    .description("The API's own document, OpenAPI 3.1 (JSON unless -o yaml)")
    .action(() => session.run(getOpenApi, {}, (document) => `${JSON.stringify(document, null, 2)}\n`));
}
