import type { AppendResult, OutboxEntry } from '../outbox/outbox';
import { unavailable } from '../outbox/refusals';
import type { Write } from './group-commit';
import { sayWhy } from './sqlite-error';
import type { StoredEntry } from './stored-entry';

/** What storing one entry came to. */
export interface Stored {
  readonly result: AppendResult;
  /** Where this process holds it at once. */
  readonly held?: StoredEntry;
}

export interface AppendEffects {
  /**
   * Inside a transaction: one answer per entry, in order. May throw.
   *
   * @param evicted is told of everything that was taken out to make room, as soon as it was.
   */
  store(entries: readonly OutboxEntry[], evicted: StoredEntry[]): Stored[];
  /** The entry is durable, and this process may hand it over. */
  hold(entry: StoredEntry): void;
  dropped(entry: StoredEntry): void;
  /** It was taken out in vain. */
  putBack(entry: StoredEntry): void;
  refused(entry: OutboxEntry): void;
}

/** Entries of one call, or a slice of them, on their way to the disk. */
export class AppendWrite implements Write {
  readonly stores = true;
  private stored: Stored[] = [];
  private evicted: StoredEntry[] = [];

  constructor(
    private readonly entries: readonly OutboxEntry[],
    private readonly effects: AppendEffects,
    private readonly done: (results: readonly AppendResult[]) => void,
  ) {}

  get rows(): number {
    return this.entries.length;
  }

  run(): void {
    this.undo();
    this.stored = this.effects.store(this.entries, this.evicted);
  }

  committed(): void {
    for (const entry of this.evicted) this.effects.dropped(entry);
    for (const { held } of this.stored) if (held !== undefined) this.effects.hold(held);
    this.done(this.stored.map(({ result }) => result));
  }

  failed(error: unknown): void {
    this.undo();
    for (const entry of this.entries) this.effects.refused(entry);
    const refusal = unavailable(sayWhy(error));
    this.done(this.entries.map(() => refusal));
  }

  private undo(): void {
    for (const entry of this.evicted) this.effects.putBack(entry);
    this.evicted = [];
    this.stored = [];
  }
}
