import { createHash } from "node:crypto";
import { z } from "zod";
import type { RawPage } from "../audit/feed.ts";
import type { LoggedCommit } from "./remains.ts";

const Page = z.object({
  previousHash: z.string(),
  commits: z.array(
    z.object({
      stream: z.string(),
      version: z.int(),
      commandId: z.string(),
      time: z.string(),
      events: z.array(z.object({ type: z.string(), data: z.looseObject({}) })),
    }),
  ),
});
export type FeedCommit = z.infer<typeof Page>["commits"][number];

/** Some of the pages after a position, in order, and the position of the newest. */
export type ReadFeed = (
  after: number,
) => Promise<{ readonly head: number; readonly pages: readonly RawPage[] }>;

/** All that finance ever read of the feed, in order. What was read once must be found again after every crash. */
export interface FeedBook {
  readonly pages: readonly RawPage[];
  readonly commits: readonly FeedCommit[];
  /** Reads what is new, and the last page again. @throws Error if that is not what it was, or the chain is broken. */
  readOn(readAfter: ReadFeed): Promise<void>;
  /** Commits with this command id. */
  withCommand(commandId: string): readonly FeedCommit[];
  /** What of the log is not in the feed as it stands in the log. */
  missing(log: readonly LoggedCommit[]): string[];
}

export function createFeedBook(): FeedBook {
  const pages: RawPage[] = [];
  const commits: FeedCommit[] = [];
  const byCommand = new Map<string, FeedCommit[]>();
  /** `STREAM@VERSION` → index of its page. */
  const places = new Map<string, number>();
  const add = (page: RawPage) => {
    const before = pages.at(-1);
    const body = Page.parse(JSON.parse(page.text));
    const hash = before === undefined ? "0".repeat(64) : sha256(before.text);
    if (page.position !== pages.length + 1 || body.previousHash !== hash)
      throw new Error(`page ${page.position} of the feed does not follow page ${pages.length}`);
    for (const commit of body.commits) {
      const place = `${commit.stream}@${commit.version}`;
      if (places.has(place)) throw new Error(`${place} is in the feed twice`);
      places.set(place, pages.length);
      commits.push(commit);
      byCommand.set(commit.commandId, [...(byCommand.get(commit.commandId) ?? []), commit]);
    }
    pages.push(page);
  };
  return {
    pages,
    commits,
    async readOn(readAfter) {
      const last = pages.at(-1);
      for (let after = Math.max(0, pages.length - 1); ; after = pages.length) {
        const answer = await readAfter(after);
        const [first, ...rest] = answer.pages;
        const again = last !== undefined && after < last.position;
        if (again && first?.text !== last.text)
          throw new Error(`page ${last.position} of the feed is not what finance has read`);
        for (const { position, text } of again ? rest : answer.pages) add({ position, text });
        if (pages.length >= answer.head) return;
      }
    },
    withCommand: (commandId) => byCommand.get(commandId) ?? [],
    missing: (log) =>
      log.flatMap(({ stream, version, bytes }) => {
        const page = pages[places.get(`${stream}@${version}`) ?? -1];
        return page?.text.includes(bytes) ? [] : [`${stream}@${version}`];
      }),
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
