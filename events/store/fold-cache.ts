/** What a stream comes to so far. */
export interface Fold<State> {
  readonly version: number;
  readonly state: State;
  /** commandId → requestHash of every commit up to `version`; facts of later commits do no harm here. */
  readonly commandIds: Map<string, string | undefined>;
}

/** Folds of streams by the decider that made them. Losing an entry costs a longer read, never a fact. */
export interface FoldCache {
  get<State>(stream: string, maker: FoldMaker<State>): Fold<State> | undefined;
  /** Keeps the fold unless a later one is there. */
  put<State>(stream: string, maker: FoldMaker<State>, fold: Fold<State>): void;
  clear(): void;
}

/** The object whose `initial` state folds start from: a decider. */
export interface FoldMaker<State> {
  readonly initial: State;
}

/** @param capacity streams kept at most; those used longest ago go first. */
export function createFoldCache(capacity = 20_000): FoldCache {
  const folds = new Map<string, { maker: FoldMaker<unknown>; fold: Fold<unknown> }>();
  const touch = (stream: string) => {
    const entry = folds.get(stream);
    if (entry === undefined) return undefined;
    folds.delete(stream);
    folds.set(stream, entry);
    return entry;
  };
  return {
    get<State>(stream: string, maker: FoldMaker<State>) {
      const entry = touch(stream);
      // Only the maker that put a fold gets it back, so its state is of the maker's type.
      return entry?.maker === maker ? (entry.fold as Fold<State>) : undefined;
    },
    put(stream, maker, fold) {
      const entry = touch(stream);
      if (entry?.maker === maker && entry.fold.version > fold.version) return;
      folds.set(stream, { maker, fold });
      const oldest = folds.size > capacity ? folds.keys().next().value : undefined;
      if (oldest !== undefined) folds.delete(oldest);
    },
    clear: () => folds.clear(),
  };
}
