import {
  ExecutionAlreadyExists,
  InvalidToken,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from "@aws-sdk/client-sfn";
import { type AwsEndpoint, awsRequests } from "../../events/store/aws-requests.ts";

export interface StartInput {
  readonly stateMachineArn: string;
  /** Absent: any. */
  readonly name?: string;
  readonly input: unknown;
}

/** What functions ask of Step Functions. */
export interface Workflows {
  /** False: an execution of that name exists already. */
  start(execution: StartInput): Promise<boolean>;
  /** Hands a waiting task its output. False: nobody waits for the token any more. */
  succeed(token: string, output: unknown): Promise<boolean>;
}

/** Step Functions by the SDK. */
export function createStepFunctions(asked: AwsEndpoint): Workflows {
  const { region, endpoint } = asked;
  const client = new SFNClient({
    region,
    ...awsRequests(asked),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  return {
    start: ({ stateMachineArn, name, input }) =>
      unless([ExecutionAlreadyExists], () =>
        client.send(
          new StartExecutionCommand({
            stateMachineArn,
            input: JSON.stringify(input),
            ...(name === undefined ? {} : { name }),
          }),
        ),
      ),
    succeed: (taskToken, output) =>
      unless([TaskDoesNotExist, TaskTimedOut, InvalidToken], () =>
        client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) })),
      ),
  };
}

type ErrorKind = abstract new (...parameters: never[]) => Error;

/** True if the call went well, false for one of these errors; any other is thrown. */
async function unless(kinds: readonly ErrorKind[], call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (kinds.some((kind) => error instanceof kind)) return false;
    throw error;
  }
}
