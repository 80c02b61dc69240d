import type { Priority } from '../outbox/priority';

/** The state of a place whose entry is no longer pending; any other is the number of attempts. */
export const ENDED = 255;
/** More of them are forgotten with the process. */
const MAX_ATTEMPTS = 254;

export interface GroupFacts {
  readonly destination: string;
  readonly priority: Priority;
  readonly dueAtMs: number;
  /** Under which lease it is held. */
  readonly owner: number;
}

/**
 * What became of the entries of one group, a byte for each place. What a transaction changes holds only once
 * it is through.
 */
export class HeldGroup {
  id = 0;
  private now: Buffer;
  private before: Buffer | undefined;
  private openNow = 0;
  private openBefore = 0;

  constructor(
    readonly facts: GroupFacts,
    states = Buffer.alloc(0),
  ) {
    this.now = states;
    for (const state of states) if (state !== ENDED) this.openNow += 1;
  }

  get owner(): number {
    return this.facts.owner;
  }

  get destination(): string {
    return this.facts.destination;
  }

  get states(): Buffer {
    return this.now;
  }

  /** How many are pending. */
  get open(): number {
    return this.openNow;
  }

  isOpen(place: number): boolean {
    return place < this.now.length && this.now[place] !== ENDED;
  }

  /** A new one is on the disk. */
  written(id: number, places: number): void {
    this.id = id;
    this.now = Buffer.alloc(places);
    this.openNow = places;
  }

  /** @returns whether it was pending until now. */
  end(place: number): boolean {
    if (!this.isOpen(place)) return false;
    this.change(place, ENDED);
    this.openNow -= 1;
    return true;
  }

  /** @returns whether it is pending. */
  retried(place: number, attempts: number): boolean {
    if (!this.isOpen(place)) return false;
    this.change(place, Math.min(attempts, MAX_ATTEMPTS));
    return true;
  }

  committed(): void {
    this.before = undefined;
  }

  rolledBack(): void {
    if (this.before === undefined) return;
    this.now = this.before;
    this.openNow = this.openBefore;
    this.before = undefined;
  }

  private change(place: number, state: number): void {
    if (this.before === undefined) {
      this.before = Buffer.from(this.now);
      this.openBefore = this.openNow;
    }
    this.now[place] = state;
  }
}
