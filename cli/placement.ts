import { Command, Option } from "@commander-js/extra-typings";
import type { z } from "zod";
import {
  acceptPlacement,
  finishPlacement,
  meterPlacement,
  type PlacementState,
  refusePlacement,
  startPlacement,
} from "../functions/contract/placements.ts";
import { keyOption, whole } from "./request-body.ts";
import type { Session } from "./session.ts";
import { instantFrom } from "./slots.ts";
import { record } from "./table.ts";

const instantHelp = "an ISO instant, now, or an offset from market time such as -6m";

export function placementCommands(session: Session): Command {
  const group = new Command("placement").description("What a center says about its placements");
  for (const [name, operation] of [
    ["accept", acceptPlacement],
    ["refuse", refusePlacement],
  ] as const)
    group
      .command(name)
      .description(operation.summary)
      .argument("<placement>")
      .requiredOption("--center <center>", "which of the placement's centers speaks")
      .addOption(keyOption())
      .action((placement, { center, key }) =>
        session.run(operation, { params: { placement }, body: { center }, key }, stateRecord),
      );
  group
    .command("start")
    .description(startPlacement.summary)
    .argument("<placement>")
    .requiredOption("--center <center>", "which of the placement's centers speaks")
    .addOption(runOption())
    .addOption(keyOption())
    .action((placement, { center, run, key }) =>
      session.run(startPlacement, { params: { placement }, body: { center, run }, key }, stateRecord),
    );
  group
    .command("meter")
    .description(meterPlacement.summary)
    .argument("<placement>")
    .requiredOption("--center <center>", "which of the placement's centers speaks")
    .addOption(runOption())
    .requiredOption("--from <instant>", `since when: ${instantHelp}`)
    .requiredOption("--to <instant>", "until when")
    .requiredOption("--card-seconds <n>", "metered, whole card-seconds", whole)
    .option("--cards <n>", "fewest cards that the run had, where it had fewer than awarded", whole)
    .option("--checkpoint-at <instant>", "last instant from which the work can go on elsewhere")
    .addOption(keyOption())
    .action(async (placement, { center, run, from, to, cardSeconds, cards, checkpointAt, key }) => {
      const instant = (text: string, field: string) => instantFrom(text, session.now, field);
      const body = {
        center,
        run,
        cardSeconds,
        ...(cards === undefined ? {} : { cards }),
        from: await instant(from, "--from"),
        to: await instant(to, "--to"),
        ...(checkpointAt === undefined
          ? {}
          : { checkpointAt: await instant(checkpointAt, "--checkpoint-at") }),
      };
      await session.run(meterPlacement, { params: { placement }, body, key }, stateRecord);
    });
  group
    .command("finish")
    .description(finishPlacement.summary)
    .argument("<placement>")
    .requiredOption("--center <center>", "which of the placement's centers speaks")
    .addOption(runOption())
    .addOption(
      new Option("--outcome <outcome>", "notStartable: the center was ready, the job could not start")
        .choices(["completed", "failed", "notStartable"] as const)
        .makeOptionMandatory(),
    )
    .option("--detail <text>", "what there is to say about it")
    .addOption(keyOption())
    .action((placement, { key, ...body }) =>
      session.run(finishPlacement, { params: { placement }, body, key }, stateRecord),
    );
  return group;
}

const runOption = () =>
  new Option("--run <n>", "attempt to execute the placement, from 1").argParser(whole).default(1);

function stateRecord({ placement, job, status, run }: z.infer<typeof PlacementState>): string {
  return record([
    ["placement", placement],
    ["job", job],
    ["status", status],
    ["run", run],
  ]);
}
