import type { AppendResult, OutboxEntry } from '../outbox/outbox';
import { unavailable } from '../outbox/refusals';
import type { Write } from './group-commit';
import { sayWhy } from './sqlite-error';
import type { StoredEntry } from './stored-entry';

/** What else storing entries came to. */
export interface Moved {
  /** Stored, and held by this process at once. */
  readonly held: StoredEntry[];
  /** Taken out to make room. */
  readonly evicted: StoredEntry[];
}

export interface AppendEffects {
  /**
   * Inside a transaction: one answer per entry, in order. May throw.
   *
   * @param moved is told of everything as soon as it was.
   */
  store(entries: readonly OutboxEntry[], moved: Moved): readonly AppendResult[];
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
  private results: readonly AppendResult[] = [];
  private moved: Moved = { held: [], evicted: [] };

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
    this.results = this.effects.store(this.entries, this.moved);
  }

  committed(): void {
    for (const entry of this.moved.evicted) this.effects.dropped(entry);
    for (const entry of this.moved.held) this.effects.hold(entry);
    this.done(this.results);
  }

  failed(error: unknown): void {
    this.undo();
    for (const entry of this.entries) this.effects.refused(entry);
    const refusal = unavailable(sayWhy(error));
    this.done(this.entries.map(() => refusal));
  }

  private undo(): void {
    for (const entry of this.moved.evicted) this.effects.putBack(entry);
    this.moved = { held: [], evicted: [] };
  }
}
