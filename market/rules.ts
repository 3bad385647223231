/** The parameters of the market's rules (docs/market-rules.md, docs/settlement-rules.md): each with its unit and its reason. */
export const rules = {
  /** Slots on sale at a spot gate, from the one after it: four hours, what a short job or an unknown length needs. */
  spotHorizonSlots: 40,
  /** Hours on sale at a forward gate: seven days, the longest that centers plan their capacity. */
  forwardHorizonHours: 168,
  /** Slots between a forward gate (xx:48) and the first hour it sells: 12 minutes to clear and to dispatch. */
  forwardLeadSlots: 2,
  /** A new spot job starts in one of so many slots after its gate; also how long a center may take to start a run. */
  startSlots: 3,
  /** Longest spot stretch after a shorter first, in slots: the horizon less `startSlots`' leeway, so that each start fits. */
  spotNextStretchMax: 38,
  /** Longest forward stretch, in slots: the forward horizon. */
  forwardStretchMax: 1680,
  /** Spot gates at which a running job bids for its continuation, in slots before its end: the last hour. */
  continuationSlots: 10,
  /** Slots after the start of an award within which each of its centers must accept: one, for awards come earlier. */
  acceptSlots: 1,
  /** Slots in a row for which the exchange must have been there before silence counts: a center renews more than once in them. */
  silenceSlots: 2,
  /** Slots within which a ready center must have tried to start before a job counts as not startable (row 6). */
  notStartableSlots: 3,
  /** Seconds after the end of an award in which a center may still report how its run ended. */
  reportGraceSeconds: 60,
  /** Percent of the unused value (row 2): spot releases are easier to sell again than planned forward capacity. */
  releaseFeePercent: { spot: 10, forward: 30 },
  /** Percent of the undelivered value that a center pays its tenant (rows 8 and 12). */
  refusalPenaltyPercent: 10,
  /** Percent of an award's value that its penalties come to at most (row 15), all faults of it together. */
  penaltyOfAwardPercentMax: 100,
  /** Minutes of charged work that a center credits at most (row 10): a job keeps hourly checkpoints itself. */
  lostWorkCreditMinutesMax: 60,
  /** Slots of its part that the innocent center of a split gang is still paid (row 13): the current and the next. */
  splitNoticeSlots: 2,
  /** Seconds between the checkpoint signal, which its center gives, and the end of an award whose continuation lost (row 5). */
  checkpointNoticeSeconds: 120,
  /** Hours a center keeps a job running while the exchange is away (row 14). */
  outageHours: 4,
  /** Hours before delivery at which a home reserve lapses into spot. */
  homeReserveLapseHours: 2,
  /** Draws of one home reserve, which its own item lists: one for each day of the longest offer, and some. */
  reserveDrawsMax: 400,
  /** Days after the end of its winner's last award in which a group's name stays taken: no auction sells farther ahead. */
  groupNameDays: 30,
  /** Highest price, fen per card-hour (100 CNY): a market at its cap is void once, not a windfall. */
  priceCapFen: 10_000,
  /** Open holds of one account: what it carries over midnight is one commit, and must fit it. */
  openHoldsMax: 1_200,
  /** Permille by which metered card-seconds may differ from what was awarded: clocks of centers, whole seconds. */
  usageTolerancePermille: 10,
  /** Slots after which usage, a settlement or a release must have come: runs are metered hourly, holds go at a gate. */
  matchGraceSlots: 20,
  /** Days for which a break still heals by itself when what was missing arrives. */
  breakHealDays: 35,
  /** Minutes of market time for which a center's lease holds: two slots, so one lost renewal is no outage. */
  leaseMinutes: 12,
} as const;
