import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { offerCommit } from "../../test/commits.ts";
import { type CommitRecords, CommitTooLarge, type EventLog, maxCommitBytes } from "./log.ts";

/** An empty log, for one suite. */
export interface LogEngine {
  readonly log: EventLog & CommitRecords;
  stop(): Promise<void>;
}

/** What every implementation of the log does. */
export function describeEventLog(name: string, start: () => Promise<LogEngine>): void {
  describe(`event log: ${name}`, () => {
    let engine: LogEngine;
    beforeAll(async () => {
      engine = await start();
    });
    afterAll(() => engine.stop());

    test("a stream nobody appended to is empty", async () => {
      expect(await engine.log.load("offer-nobody")).toEqual([]);
    });

    test("commits come back as they were appended, in version order", async () => {
      const { log } = engine;
      const commits = [
        offerCommit("offer-order", 1, 2),
        { ...offerCommit("offer-order", 3), requestHash: "hash" },
        // A tenth version sorts after the ninth, not after the first.
        offerCommit("offer-order", 4, 6),
        offerCommit("offer-order", 10),
      ];
      for (const commit of commits) expect(await log.append(commit)).toBe("appended");
      expect(await log.load("offer-order")).toEqual(commits);
      expect(await log.load("offer-order", 3)).toEqual(commits.slice(2));
      expect(await log.load("offer-order", 10)).toEqual([]);
    });

    test("of many appends at one version, one wins", async () => {
      const { log } = engine;
      const commits = Array.from({ length: 20 }, (_, n) => offerCommit("offer-race", 1, 1, `command-${n}`));
      const results = await Promise.all(commits.map((commit) => log.append(commit)));
      expect(results.filter((result) => result === "appended")).toHaveLength(1);
      const winner = commits[results.indexOf("appended")];
      expect(await log.load("offer-race")).toEqual([winner]);
    });

    test("an append that got through before is a conflict and changes nothing", async () => {
      const { log } = engine;
      const commit = offerCommit("offer-again", 1);
      expect(await log.append(commit)).toBe("appended");
      expect(await log.append(commit)).toBe("conflict");
      expect(await log.load("offer-again")).toEqual([commit]);
    });

    test("a commit up to the limit is kept, a larger one refused", async () => {
      const { log } = engine;
      const commit = (events: number) => offerCommit("offer-size", 1, events, "c");
      const bytes = (events: number) => Buffer.byteLength(JSON.stringify(commit(events)));
      const each = bytes(2) - bytes(1);
      const fitting = Math.floor((maxCommitBytes - bytes(1)) / each) + 1;
      await expect(log.append(commit(fitting + 1))).rejects.toBeInstanceOf(CommitTooLarge);
      expect(await log.append(commit(fitting))).toBe("appended");
      expect(await log.load("offer-size")).toHaveLength(1);
    });

    test("only events of the stream's kind that fit the catalog are kept", async () => {
      const { log } = engine;
      const withEvent = (type: string, data: unknown) => ({
        ...offerCommit("offer-kinds", 1),
        events: [{ type, v: 1, data }],
      });
      await expect(log.append(withEvent("NoSuchEvent", {}))).rejects.toThrow(/no event of stream/);
      await expect(log.append(withEvent("JobAdmitted", { job: "j" }))).rejects.toThrow(/no event of stream/);
      await expect(log.append(withEvent("OfferWithdrawn", { offer: "" }))).rejects.toThrow();
      expect(await log.load("offer-kinds")).toEqual([]);
    });

    test("records say where a commit ends and hold it as canonical JSON", async () => {
      const { log } = engine;
      await log.append(offerCommit("offer-records", 1, 3));
      await log.append(offerCommit("offer-records", 4));
      const records = await log.readRecords("offer-records", 0);
      expect(records.map(({ version, last }) => [version, last])).toEqual([
        [1, 3],
        [4, 4],
      ]);
      expect(records.map(({ bytes }) => JSON.parse(bytes))).toEqual(await log.load("offer-records"));
      expect(records[0]?.bytes.startsWith('{"actor":"center:owner-1","causationId":')).toBe(true);
      expect(await log.readRecords("offer-records", 3)).toEqual(records.slice(1));
    });

    test("a gap in a stream is an error, not a shorter stream", async () => {
      const { log } = engine;
      await log.append(offerCommit("offer-gap", 1));
      await log.append(offerCommit("offer-gap", 3));
      await expect(log.load("offer-gap")).rejects.toThrow(/gap between 1 and 3/);
    });

    test("a long stream and a scan are read whole", async () => {
      const { log } = engine;
      for (let n = 0; n < 12; n++) await log.append(offerCommit("offer-long", 1 + n * 1_000, 1_000));
      expect(await log.load("offer-long")).toHaveLength(12);
      const last = new Map<string, number>();
      for await (const versions of log.scanVersions())
        for (const [stream, version] of versions) last.set(stream, Math.max(version, last.get(stream) ?? 0));
      expect(last.get("offer-long")).toBe(12_000);
      expect(last.get("offer-order")).toBe(10);
      expect(last.has("offer-nobody")).toBe(false);
    });
  });
}
