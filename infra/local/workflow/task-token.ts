import { createHmac } from "node:crypto";

/**
 * A task token says which task of which execution it stands for, signed with the journal's secret. It is the
 * same after a restart without having been written down, and cannot be made up.
 */

/** What a token stands for: the execution's id in the journal and the task's number in the execution. */
export interface TaskReference {
  readonly execution: number;
  readonly task: number;
}

export function makeTaskToken(secret: string, { execution, task }: TaskReference): string {
  const body = `${execution.toString(36)}-${task.toString(36)}`;
  return `${body}-${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

/** `malformed` when the text is no token at all, `foreign` when it is one of another journal. */
export function readTaskToken(secret: string, token: string): TaskReference | "malformed" | "foreign" {
  const [, execution, task] = /^([0-9a-z]+)-([0-9a-z]+)-[\w-]{43}$/.exec(token) ?? [];
  if (execution === undefined || task === undefined) return "malformed";
  const reference = { execution: Number.parseInt(execution, 36), task: Number.parseInt(task, 36) };
  return makeTaskToken(secret, reference) === token ? reference : "foreign";
}
