// How the close of a day is cut up: into ranges of feed pages, and each range's results into buckets by what they are
// about. Both follow from the number of pages alone, so that whoever asks again finds the same.

/** Pages of one range: at 256 KB each, what one Lambda folds in a minute. */
const pagesOfRange = 1024;
/** Ranges, and buckets, at most: the workflow's items must stay far below 256 KB. */
const partsMax = 512;

export interface PageRange {
  readonly range: number;
  /** Pages after this one, up to and with `upTo`. */
  readonly after: number;
  readonly upTo: number;
}

/** A day of few pages is one range and one bucket. */
export function partsOf(pages: number): number {
  return Math.min(partsMax, Math.max(1, Math.ceil(pages / pagesOfRange)));
}

export function rangesOf(afterPosition: number, position: number): PageRange[] {
  const pages = position - afterPosition;
  const parts = partsOf(pages);
  const bound = (part: number) => afterPosition + Math.floor((pages * part) / parts);
  return Array.from({ length: parts }, (_, range) => ({
    range,
    after: bound(range),
    upTo: bound(range + 1),
  }));
}

/** The bucket of a key (FNV-1a, 32 bits): the same in every process. */
export function bucketOf(key: string, buckets: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % buckets;
}
