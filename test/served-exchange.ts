import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HttpFront, startHttp } from "../infra/local/http.ts";
import { type Issuer, openIssuer } from "../infra/local/issuer.ts";
import { described } from "./api-document.ts";
import type { InMemoryExchange } from "./exchange-in-memory.ts";

export interface ServedExchange {
  readonly front: HttpFront;
  readonly issuer: Issuer;
  /** Where the issuer's keys lie. */
  readonly folder: string;
  /** Names of the functions that were called, oldest first. */
  readonly invoked: string[];
  close(): Promise<void>;
}

/** The local gateway with its issuer in front of the handlers: what comes over the wire meets the real ones. */
export async function serveExchange(exchange: InMemoryExchange): Promise<ServedExchange> {
  const folder = mkdtempSync(join(tmpdir(), "served-"));
  const issuer = await openIssuer(folder);
  const invoked: string[] = [];
  const front = await startHttp({
    routes: described.map(({ id, method, path, roles }) => ({
      method,
      path,
      functionName: id,
      public: roles.length === 0,
    })),
    issuer,
    port: 0,
    async invoke(name, event) {
      invoked.push(name);
      return exchange.invoke(name, event);
    },
  });
  return {
    front,
    issuer,
    folder,
    invoked,
    async close() {
      await front.close(0);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
