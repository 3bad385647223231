import { z } from "zod";
import { parsePage } from "../events/store/feed.ts";
import type { ExportedPage, Pages } from "../exports/pages.ts";
import { readFeed } from "../functions/contract/finance.ts";
import { linesOf, openExport } from "./export-file.ts";
import { Failure, usage } from "./failure.ts";
import type { Session } from "./session.ts";

// The feed's pages as exports are made of them: read from the exchange, or from a file that `feed export` wrote.

/** Most pages of one answer; where they are large it has fewer. */
const pageLimit = 16;

/** Up to the page that is the newest when they are first read. */
export function pagesOfExchange(session: Session): Pages {
  let end: number | undefined;
  return async function* () {
    for (let after = 0; end === undefined || after < end; ) {
      const { answer } = await session.ask(readFeed, { query: { after, limit: pageLimit } });
      end ??= answer.head;
      const own = answer.pages.filter(({ position }) => position <= (end ?? 0));
      const last = own.at(-1);
      if (last === undefined && after < end)
        throw new Failure("unexpected", "feed-short", `The feed gives no page after ${after} of ${end}.`);
      for (const { position, text } of own) yield parsePage({ position, bytes: text });
      after = last?.position ?? end;
    }
  };
}

const ExportedLine = z.object({ position: z.int().min(1), text: z.string() });

/** They are not verified: `feed verify` does that. */
export function pagesOfFile(session: Session, file: string): Pages {
  return async function* () {
    let number = 0;
    for await (const { bytes } of linesOf(openExport(file, session.io.stdin))) {
      number += 1;
      yield pageOf(bytes.toString("utf8"), file, number);
    }
  };
}

function pageOf(line: string, file: string, number: number): ExportedPage {
  try {
    const { position, text } = ExportedLine.parse(JSON.parse(line));
    return parsePage({ position, bytes: text });
  } catch {
    throw usage(`line ${number} of ${file} is no page of a feed: give what feed export wrote`, "--from");
  }
}
