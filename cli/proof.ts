import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import {
  Argument,
  Command,
  type CommandUnknownOpts,
  InvalidArgumentError,
} from "@commander-js/extra-typings";
import { type ChargeProof, getFeedHead, proveCharge, type TreeHead } from "../functions/contract/proofs.ts";
import { checkProof, type ProofFault, type ProofVerdict } from "./check-proof.ts";
import { openExport } from "./export-file.ts";
import { Failure, fileFault } from "./failure.ts";
import { cny, count, span, time } from "./figures.ts";
import { isConsistent, type LogHead } from "./merkle-verifier.ts";
import type { Session } from "./session.ts";
import { record } from "./table.ts";

export function headCommand(session: Session): Command {
  return new Command("head")
    .description("The head of the log: keep it apart from an export or a proof, to check them against it")
    .action(async () => {
      const { answer } = await session.ask(getFeedHead);
      if (answer.head.size === 0) throw new Failure("notFound", "feed-empty", "The feed has no page yet.");
      await session.show(answer.head, () => headRecord(answer.head));
    });
}

export function consistencyCommand(session: Session): CommandUnknownOpts {
  return new Command("consistency")
    .description("Prove that the log still begins with all that a head which you kept stood for")
    .addArgument(headArgument())
    .action(async (kept) => {
      const { head, consistency = [] } = await headFrom(session, kept.size);
      if (head.size < kept.size && head.period !== undefined)
        throw new Failure(
          "refused",
          "head-not-published",
          `Your login is told the head of ${head.size} commits, at the close of ${head.period}: ask again when a later close has ${kept.size}.`,
          "head",
        );
      if (!isConsistent(kept, head, consistency))
        throw new Failure(
          "verification",
          "log-inconsistent",
          `The log of ${head.size} commits does not begin with the ${kept.size} of that head: one of them is not what it was, or it is another log's head.`,
          "head",
          { kept, head },
        );
      await session.show({ kept, head }, () => record([["begins with", wordOf(kept)], ...headRows(head)]));
    });
}

/** The newest head, with the proof from a size; without one where the log is shorter, which is no fault of the asker's. */
async function headFrom(session: Session, size: number) {
  const { answer } = await session.ask(getFeedHead);
  if (answer.head.size < size) return answer;
  return (await session.ask(getFeedHead, { query: { from: size } })).answer;
}

export function proveCommand(session: Session): CommandUnknownOpts {
  return new Command("prove")
    .description(`${proveCharge.summary}: write it to a file`)
    .argument("<charge>", "as account entries names it")
    .argument("[file]", "where to (default: standard output)")
    .action(async (charge, file) => {
      const { answer, content } = await session.ask(proveCharge, { params: { charge } });
      // What is handed on has been checked: the exchange's own word is not enough.
      assertProven(checkProof(JSON.stringify(content), answer.head));
      const written = `${JSON.stringify(content, null, 2)}\n`;
      if (file === undefined || file === "-") return session.io.out(written);
      writeProof(file, written);
      await session.show({ file, ...summary(answer) }, () =>
        record([
          ["file", file],
          ["charge", answer.charge],
          ["commit number", answer.leaf],
          ...headRows(answer.head),
        ]),
      );
    });
}

export function checkProofCommand(session: Session): CommandUnknownOpts {
  return new Command("check-proof")
    .description("Check what feed prove wrote against a head, with no exchange and no network")
    .argument("<file>", "the proof; - for standard input")
    .requiredOption("--head <size:root>", "the head that it is for, from elsewhere than the file", headOf)
    .action(async (file, { head }) => {
      const verdict = checkProof(await readProof(session, file), head);
      assertProven(verdict);
      const { charge, leaf, stream, time: at } = verdict;
      await session.show({ charge, leaf, stream, time: at, head }, () =>
        record([
          ["proven", `commit ${count(leaf)} of ${count(head.size)}`],
          ["charge", charge.charge],
          ["job", charge.job],
          ["account", charge.account],
          ["posted", time(at)],
          ["settlement day", charge.period],
          ["market time", span(charge.from, charge.to)],
          ...charge.lines.map(
            ({ kind, from, to, mills }) => [kind, `${cny(mills)} CNY from ${from} to ${to}`] as const,
          ),
          ["tenant pays", `${cny(charge.tenantPays)} CNY`],
        ]),
      );
    });
}

/** `SIZE:ROOT`, as `feed head` says it. */
export function headOf(word: string): LogHead {
  const [, size, root] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/i.exec(word) ?? [];
  if (size === undefined || root === undefined)
    throw new InvalidArgumentError("Give SIZE:ROOT, as feed head says it: a number and 64 hex digits.");
  return { size: Number(size), root: root.toLowerCase() };
}

function headArgument() {
  return new Argument("<size:root>", "the head that you kept").argParser(headOf);
}

export function wordOf({ size, root }: LogHead): string {
  return `${size}:${root}`;
}

function headRows(head: TreeHead): (readonly [string, string | number | undefined])[] {
  return [
    ["head", wordOf(head)],
    ["position", head.position],
    ["hash", head.hash],
    ["closed day", head.period],
  ];
}

function headRecord(head: TreeHead): string {
  return record(headRows(head));
}

function summary({ charge, leaf, head }: ChargeProof) {
  return { charge, leaf, head };
}

const codes: Readonly<Record<ProofFault, string>> = {
  unreadable: "proof-unreadable",
  otherHead: "proof-other-head",
  notInLog: "proof-not-in-log",
  otherCharge: "proof-other-charge",
};

function assertProven(verdict: ProofVerdict): asserts verdict is Extract<ProofVerdict, { ok: true }> {
  if (verdict.ok) return;
  const { kind, detail } = verdict;
  throw new Failure("verification", codes[kind], `${detail}.`, "file", { kind });
}

async function readProof(session: Session, file: string): Promise<string> {
  return text(openExport(file, session.io.stdin)).catch((error: unknown) => {
    throw fileFault(error, `cannot read ${file}`);
  });
}

function writeProof(file: string, written: string): void {
  try {
    writeFileSync(file, written);
  } catch (error) {
    throw fileFault(error, `cannot write ${file}`);
  }
}
