/** What a lane last learned about its destination. */
export type LaneHealth =
  | { readonly state: 'ready' }
  /** Several attempts in a row failed; it is still being tried. */
  | { readonly state: 'failing'; readonly failures: number; readonly reason: string }
  /** Nothing passes until a person acts: a revoked token, an unknown pixel. */
  | { readonly state: 'paused'; readonly reason: string };

const READY: LaneHealth = { state: 'ready' };
/** One failed attempt is the network's daily life. */
const FAILURES_THAT_COUNT = 3;

/** Written by delivery, read by the status. Holds for this process. */
export class LaneHealthBoard {
  private readonly failures = new Map<string, number>();
  private readonly lanes = new Map<string, LaneHealth>();

  of(destination: string): LaneHealth {
    return this.lanes.get(destination) ?? READY;
  }

  delivered(destination: string): void {
    this.failures.delete(destination);
    this.lanes.delete(destination);
  }

  failed(destination: string, reason: string): void {
    const failures = (this.failures.get(destination) ?? 0) + 1;
    this.failures.set(destination, failures);
    if (failures >= FAILURES_THAT_COUNT)
      this.lanes.set(destination, { state: 'failing', failures, reason });
  }

  /** @returns whether it was not paused before. */
  paused(destination: string, reason: string): boolean {
    const isNew = this.of(destination).state !== 'paused';
    this.lanes.set(destination, { state: 'paused', reason });
    return isNew;
  }
}
