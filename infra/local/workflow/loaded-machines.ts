import { createHash } from "node:crypto";
import { WorkflowError } from "./errors.ts";
import type { Running } from "./execution-runner.ts";
import type { Journal, KeptExecution } from "./journal.ts";
import { loadMachine } from "./load.ts";
import type { Machine } from "./machine.ts";

export interface MachineSource {
  /** `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME` */
  readonly arn: string;
  /** In the Amazon States Language, as an object. */
  readonly definition: unknown;
}

export interface LoadedMachine {
  readonly machine: Machine;
  /** The definition's hash, by which the journal keeps it. */
  readonly definition: string;
}

/** Machines as they are now, and as they were for executions that an earlier start began. */
export class LoadedMachines {
  readonly #journal: Journal;
  readonly #byName = new Map<string, LoadedMachine>();
  readonly #byArn = new Map<string, LoadedMachine>();
  readonly #earlier = new Map<string, Machine>();

  /** @throws InvalidDefinition for a machine that cannot be run in full. */
  constructor(sources: Readonly<Record<string, MachineSource>>, journal: Journal) {
    this.#journal = journal;
    for (const [name, { arn, definition }] of Object.entries(sources)) {
      const json = JSON.stringify(definition);
      const hash = createHash("sha256").update(json).digest("base64url");
      const loaded = { machine: loadMachine(name, arn, definition), definition: hash };
      journal.keepDefinition(hash, json);
      this.#byName.set(name, loaded);
      this.#byArn.set(arn, loaded);
    }
  }

  /** @throws WorkflowError StateMachineDoesNotExist. */
  byArn(arn: string): LoadedMachine {
    const loaded = this.#byArn.get(arn);
    if (loaded === undefined) {
      throw new WorkflowError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${arn}'`);
    }
    return loaded;
  }

  /**
   * An execution from the journal, with the definition that it was started with.
   * @throws Error when its machine is gone, since nobody could then see it any more.
   */
  revive({ id, machine: name, definition, execution }: KeptExecution): Running {
    const loaded = this.#byName.get(name);
    if (loaded === undefined)
      throw new Error(`execution ${execution.id} is running, but its state machine is gone`);
    const machine =
      loaded.definition === definition ? loaded.machine : this.#earlierMachine(loaded.machine, definition);
    return { id, machine, definition, execution, calling: new Set(), alarm: undefined };
  }

  #earlierMachine({ name, arn }: Machine, hash: string): Machine {
    const known = this.#earlier.get(hash);
    if (known !== undefined) return known;
    const json = this.#journal.definition(hash);
    if (json === undefined)
      throw new Error(`the journal has lost definition ${hash} of state machine "${name}"`);
    const machine = loadMachine(name, arn, JSON.parse(json));
    this.#earlier.set(hash, machine);
    return machine;
  }
}
