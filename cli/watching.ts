import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { Io } from "./io.ts";

export const watchOption = (says: string) => new Option("-w, --watch", says);

/** A gate closes every six minutes: five seconds are soon enough, and a thousand watchers are 200 requests a second. */
export const intervalOption = () =>
  new Option("--interval <seconds>", "seconds between two looks, at least 1").default(5).argParser((text) => {
    const seconds = Number(text);
    if (!(seconds >= 1 && seconds <= 86_400)) throw new InvalidArgumentError("Give 1 to 86400 seconds.");
    return seconds;
  });

/** Looks again and again until a look says that it is done. */
export async function watch(io: Io, seconds: number, look: () => Promise<"done" | "more">): Promise<void> {
  while ((await look()) === "more") await io.sleep(seconds * 1000);
}
