import { once } from "node:events";
import { createWriteStream, renameSync, rmSync } from "node:fs";
import { finished } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { z } from "zod";
import { type FeedPage, readFeed } from "../functions/contract/finance.ts";
import { openExport } from "./export-file.ts";
import { Failure, fileFault } from "./failure.ts";
import { count, time } from "./figures.ts";
import { checkProofCommand, consistencyCommand, headCommand, headOf, proveCommand, wordOf } from "./proof.ts";
import { whole } from "./request-body.ts";
import type { Session } from "./session.ts";
import { record, withoutControls } from "./table.ts";
import { type Expected, exportLine, type Verdict, verifyExport } from "./verify-export.ts";
import { intervalOption, watch } from "./watching.ts";

/** Most pages of one answer; where they are large it has fewer. */
const pageLimit = 16;

export function feedCommands(session: Session): Command {
  const group = new Command("feed").description("The log in its order of observation, page by page");
  group
    .command("tail")
    .description("The newest pages, commit by commit")
    .option("-n, --pages <n>", "so many pages", whole, 3)
    .option("-f, --follow", "go on with every new page")
    .addOption(intervalOption())
    .action(({ pages, follow, interval }) => tail(session, pages, follow === true, interval));
  group.addCommand(headCommand(session));
  group.addCommand(consistencyCommand(session));
  group
    .command("export")
    .description("Write the feed as lines of JSON, each a page with the very text that was hashed")
    .argument("[file]", "where to; compressed if its name ends with .gz (default: standard output)")
    .option("--after <position>", "begin after this page, to go on with an earlier export", whole, 0)
    .action((file, { after }) =>
      file === undefined || file === "-"
        ? writePages(session, after, (text) => session.io.out(text)).then(() => undefined)
        : exportTo(session, file, after),
    );
  group
    .command("verify")
    .description("Check an export against a head, with no exchange and no network")
    .argument("<file>", "what feed export wrote, .gz or not; - for standard input")
    .requiredOption(
      "--head <head>",
      "hash of the last page, or SIZE:ROOT of the log, from elsewhere than the file; or both, with a --head each",
      headsOf,
    )
    .option("--position <n>", "position of that page", whole)
    .option("--ignore-after", "the file may go on after the head; what follows is not looked at")
    .action(async (file, { head, position, ignoreAfter }) => {
      const verdict = await verifyExport(openExport(file, session.io.stdin), {
        ...head,
        position,
        ignoreAfter,
      }).catch((error: unknown) => {
        throw fileFault(error, `cannot read ${file}`);
      });
      await showVerdict(session, verdict);
    });
  group.addCommand(proveCommand(session));
  group.addCommand(checkProofCommand(session));
  return group;
}

/** What the one or two heads say that the export should come to. */
type Heads = Pick<Expected, "hash" | "log">;

function headsOf(word: string, before: Heads | undefined): Heads {
  if (word.includes(":")) return { ...before, log: headOf(word) };
  if (!/^[0-9a-f]{64}$/i.test(word))
    throw new InvalidArgumentError("Give a SHA-256 in 64 hex digits, or SIZE:ROOT.");
  return { ...before, hash: word.toLowerCase() };
}

async function showVerdict(session: Session, verdict: Verdict): Promise<void> {
  if (!verdict.ok) {
    const { kind, line, position, detail } = verdict.fault;
    throw new Failure("verification", `feed-${kind}`, `${detail}.`, `line ${line}`, { kind, line, position });
  }
  await session.show(verdict, () =>
    record([
      ["verified", `pages 1 to ${count(verdict.head.position)}`],
      ["commits", count(verdict.commits)],
      ["events", count(verdict.events)],
      ["streams", count(verdict.streams)],
      ["hash", verdict.head.hash],
      ["head", wordOf({ size: verdict.commits, root: verdict.root })],
    ]),
  );
}

async function newestPosition(session: Session): Promise<number> {
  const { answer } = await session.ask(readFeed, { query: { limit: 1 } });
  return answer.head;
}

async function tail(session: Session, pages: number, follow: boolean, interval: number): Promise<void> {
  let after = Math.max(0, (await newestPosition(session)) - pages);
  const drain = async () => {
    for (;;) {
      const { answer } = await session.ask(readFeed, { query: { after, limit: pageLimit } });
      for (const page of answer.pages) await session.showNext(page, () => commitLines(page));
      after = answer.pages.at(-1)?.position ?? after;
      if (answer.pages.length === 0 || after >= answer.head) return follow ? "more" : "done";
    }
  };
  await watch(session.io, interval, drain);
}

const Shown = z.object({
  commits: z.array(
    z.object({
      stream: z.string(),
      version: z.int(),
      time: z.string(),
      actor: z.string(),
      events: z.array(z.object({ type: z.string() })),
    }),
  ),
});

function commitLines({ position, text }: FeedPage): string {
  const { commits } = Shown.parse(JSON.parse(text));
  return commits
    .map(({ stream, version, events, actor, ...commit }) => {
      const types = events.map(({ type }) => type).join(" ");
      return `${withoutControls(`${position}  ${time(commit.time)}  ${stream}@${version}  ${types}  ${actor}`)}\n`;
    })
    .join("");
}

/** Up to the head that was the newest at the beginning. */
async function writePages(
  session: Session,
  begin: number,
  write: (text: string) => Promise<void>,
): Promise<{ readonly pages: number; readonly position: number; readonly hash: string | undefined }> {
  const end = await newestPosition(session);
  let [after, pages] = [begin, 0];
  let hash: string | undefined;
  while (after < end) {
    const limit = Math.min(pageLimit, end - after);
    const { answer } = await session.ask(readFeed, { query: { after, limit } });
    if (answer.pages.length === 0)
      throw new Failure("unexpected", "feed-short", `The feed gives no page after ${after} of ${end}.`);
    for (const page of answer.pages) {
      await write(exportLine(page));
      [after, hash] = [page.position, page.hash];
      pages += 1;
    }
  }
  return { pages, position: after, hash };
}

/** The file takes its name when it is whole. */
async function exportTo(session: Session, file: string, begin: number): Promise<void> {
  const part = `${file}.part`;
  const disk = createWriteStream(part);
  const sink = file.endsWith(".gz") ? createGzip() : disk;
  const done = finished(disk);
  done.catch(() => undefined);
  if (sink !== disk) sink.pipe(disk);
  try {
    await Promise.race([once(disk, "open"), done]);
    const written = await writePages(session, begin, async (text) => {
      if (!sink.write(text)) await Promise.race([once(sink, "drain"), done]);
    });
    sink.end();
    await done;
    renameSync(part, file);
    await session.show({ file, ...written }, () =>
      record([
        ["file", file],
        ["pages", count(written.pages)],
        ["position", written.position],
        ["hash", written.hash],
      ]),
    );
  } catch (error) {
    disk.destroy();
    rmSync(part, { force: true });
    throw fileFault(error, `cannot write ${file}`);
  }
}
