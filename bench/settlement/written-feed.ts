import { type DomainEvent, definitionOf } from "../../events/catalog/catalog.ts";
import { canonicalJson } from "../../events/store/canonical-json.ts";
import { type FeedHead, genesis, hashBytes, pageBytes } from "../../events/store/chain.ts";
import type { FeedPage } from "../../events/store/feed.ts";
import type { ParsedCommit } from "../../events/upcasts.ts";
import { instant } from "../../market/time.ts";

/** Commits on one page: about what a relay puts on one while many jobs are at work. */
const COMMITS_PER_PAGE = 200;

/** Pages as the relay writes them, byte for byte, made as commits come. */
export interface WrittenFeed {
  commit(stream: string, ms: number, actor: string, correlation: string, ...events: DomainEvent[]): void;
  /** Nothing more comes to this stream: its version is needed no more. */
  endStream(stream: string): void;
  /** Ends the page that is being filled; gives the feed's head. */
  cut(): FeedHead;
  /** Pages that are complete, each once. */
  take(): FeedPage[];
}

export function createWrittenFeed(): WrittenFeed {
  const versions = new Map<string, number>();
  let pending: ParsedCommit[] = [];
  let ready: FeedPage[] = [];
  let head = genesis;
  const cut = () => {
    if (pending.length === 0) return head;
    const bytes = pageBytes(head, pending.map(canonicalJson));
    const page = { position: head.position + 1, bytes, previousHash: head.hash, hash: hashBytes(bytes) };
    ready.push({ ...page, commits: pending });
    head = { position: page.position, hash: page.hash };
    pending = [];
    return head;
  };
  return {
    commit(stream, ms, actor, correlation, ...events) {
      const version = (versions.get(stream) ?? 0) + 1;
      versions.set(stream, version + events.length - 1);
      pending.push({
        stream,
        version,
        commandId: `${stream}@${version}`,
        time: instant(ms),
        actor,
        causationId: correlation,
        correlationId: correlation,
        events: events.map((event) => ({ ...event, v: definitionOf(event.type)?.version ?? 1 })),
      });
      if (pending.length >= COMMITS_PER_PAGE) cut();
    },
    endStream: (stream) => void versions.delete(stream),
    cut,
    take() {
      const taken = ready;
      ready = [];
      return taken;
    },
  };
}
