/** Type of a key attribute, as DynamoDB names it. */
export type KeyType = "S" | "N";

export interface TableKeys {
  /** Partition key, attribute `pk`. */
  readonly pk: KeyType;
  /** Sort key, attribute `sk`. */
  readonly sk?: KeyType;
}

export type TableName = "log" | "feed" | "marks" | "views" | "operations";

/** Keys of the exchange's tables: in the cloud and on one machine they are made from this. */
export const tableKeys: Readonly<Record<TableName, TableKeys>> = {
  /** pk: stream; sk: version of a commit's first event. */
  log: { pk: "S", sk: "N" },
  /** pk: `feed`; sk: position of a page. */
  feed: { pk: "S", sk: "N" },
  /** pk: a stream or `checkpoint#NAME`. */
  marks: { pk: "S" },
  /** Lists, by the keys of market/views/view.ts; and `tree#…`: heads and tiles of the feed's Merkle tree. */
  views: { pk: "S", sk: "S" },
  /** Leases, task tokens, auction results; items end at `expiresAt`. */
  operations: { pk: "S", sk: "S" },
};
