/** dynalite 4 has no types of its own: what the tests and the local exchange use of it. */
declare module "dynalite" {
  import type { Server } from "node:http";

  interface DynaliteOptions {
    /** Folder of the LevelDB store; absent: in memory. One process a folder. */
    readonly path?: string;
    /** Milliseconds that a new table stays in CREATING. Default 500. */
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
    readonly updateTableMs?: number;
  }

  /** A DynamoDB over HTTP; `close` ends the store with it. */
  function dynalite(options?: DynaliteOptions): Server;
  export = dynalite;
}
