/** Exit codes: stable, for scripts. What each says is in docs/cli.md as well. */
export const exitCodes = {
  ok: [0, "done"],
  unexpected: [1, "a fault of this program or an answer that is not of the contract"],
  usage: [2, "the command line or the file is not right; nothing was sent"],
  refused: [3, "the exchange refused the request: code, field and fix are on stderr"],
  notFound: [4, "there is no such thing, or none of yours"],
  forbidden: [5, "not logged in, the login ran out, or it has not the role"],
  unreachable: [6, "the exchange cannot be reached or is too busy, after some tries"],
  verification: [7, "`feed verify`, `check-proof` or `consistency` found a fault"],
  unmet: [8, "`--watch` ended without what `--until` waited for"],
  interrupted: [130, "Ctrl-C"],
  closedPipe: [141, "whoever read the output closed it"],
} as const satisfies Record<string, readonly [code: number, says: string]>;

export type Exit = keyof typeof exitCodes;
