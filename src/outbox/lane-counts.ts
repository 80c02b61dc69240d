/** What happened to the entries of one destination, counted. */
export interface LaneCounts {
  accepted: number;
  delivered: number;
  deadLettered: number;
  expired: number;
  dropped: number;
  duplicates: number;
  refused: number;
  retries: number;
}

export function noCounts(): LaneCounts {
  return {
    accepted: 0,
    delivered: 0,
    deadLettered: 0,
    expired: 0,
    dropped: 0,
    duplicates: 0,
    refused: 0,
    retries: 0,
  };
}

/** What is neither delivered nor given up. */
export function pendingOf(counts: LaneCounts): number {
  const { accepted, delivered, deadLettered, expired, dropped } = counts;
  return accepted - delivered - deadLettered - expired - dropped;
}
