import type { AuditFact } from './audit-record';
import type { LogNote } from './chain-writer';

/** Facts that could not be written yet: some ten megabytes. */
export const MAX_BUFFERED = 20_000;

export type Recorded = AuditFact | LogNote;

/** What waits to be written, and how much there was no room for. */
export class FactBuffer {
  private waiting: Recorded[] = [];
  private lost = 0;
  private lostSinceMs = 0;

  get size(): number {
    return this.waiting.length;
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.lost === 0;
  }

  /** Nothing waits, and what was lost has still to be said. */
  get owesOnlyLoss(): boolean {
    return this.waiting.length === 0 && this.lost > 0;
  }

  /** @returns whether there was room. */
  add(recorded: Recorded, nowMs: number): boolean {
    if (this.waiting.length >= MAX_BUFFERED) {
      if (this.lost === 0) this.lostSinceMs = nowMs;
      this.lost += 1;
      return false;
    }
    this.waiting.push(recorded);
    return true;
  }

  /** The oldest; what was lost is said behind what was kept, which is where it is missing. */
  take(limit: number): readonly Recorded[] {
    const taken = this.waiting.slice(0, limit);
    this.waiting = this.waiting.slice(limit);
    if (this.waiting.length === 0 && this.lost > 0) {
      const about = { counts: { facts: this.lost }, sinceMs: this.lostSinceMs };
      taken.push({ kind: 'log-lost', about });
      this.lost = 0;
    }
    return taken;
  }
}
