/** What a bench was called with cannot be. */
export class WrongCall extends Error {}

/** Runs a bench as it was called; null asks for its usage. Exit code 2: it was called wrongly. */
export async function runCommand<Call>(
  usage: string,
  readCall: () => Call | null,
  run: (call: Call) => Promise<void>,
): Promise<void> {
  try {
    const call = readCall();
    if (call === null) console.log(usage);
    else await run(call);
  } catch (error) {
    const parsing =
      error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
    if (!(error instanceof WrongCall) && !parsing) throw error;
    console.error(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
  }
}
