import type { Database } from "./dynamo.ts";

/** How far each consumer has read the feed. */
export interface Checkpoints {
  /** Position of the last page that the consumer is done with; 0: none. */
  get(consumer: string): Promise<number>;
  /** Moves forward only; false: the consumer was there already. */
  advance(consumer: string, position: number): Promise<boolean>;
}

/** @param table the table of marks; checkpoints lie in it as `checkpoint#CONSUMER`. */
export function createCheckpoints(database: Database, table: string): Checkpoints {
  return {
    async get(consumer) {
      const item = await database.get(table, { pk: `checkpoint#${consumer}` });
      const position = item?.position ?? 0;
      if (typeof position !== "number") throw new TypeError(`checkpoint of ${consumer} is no position`);
      return position;
    },
    advance: (consumer, position) =>
      database.put(table, { pk: `checkpoint#${consumer}`, position }, [
        { absent: "pk" },
        { attribute: "position", is: "<", to: position },
      ]),
  };
}
