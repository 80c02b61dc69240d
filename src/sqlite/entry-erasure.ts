import { aboutAny } from '../outbox/erasure';
import type { Erasable, ErasedRow } from './erased-rows';
import { MAX_ROWS } from './group-commit';
import type { LaneCounters } from './lane-counters';
import type { SqliteLane } from './sqlite-lane';
import { NOBODY, type StoredEntry } from './stored-entry';

/** Rows that an erasure looks through at once: as many as take so long. */
const SLICE_MS = 20;

export interface EntryErasureParts {
  readonly tables: readonly Erasable[];
  readonly counters: LaneCounters;
  readonly lanes: () => readonly SqliteLane[];
  /** Runs inside the next transaction. Rejects when that fails. */
  readonly write: <Result>(rows: number, run: () => Result) => Promise<Result>;
  readonly erased: (entry: ErasedRow | StoredEntry) => void;
}

/** Forgets people's pending entries, slice by slice, each as long as the event loop may stand still. */
export class EntryErasure {
  constructor(private readonly parts: EntryErasureParts) {}

  /** @returns how many. Rejects where some could not be reached; all others are gone then. */
  async erase(subjects: readonly string[]): Promise<number> {
    const lanes = this.parts.lanes();
    const released = lanes.map((lane) => lane.release(aboutAny(subjects)));
    let count = 0;
    let sealed = 0;
    try {
      for (const table of this.parts.tables) {
        const erased = await this.eraseFrom(table, subjects);
        count += erased.count;
        sealed += erased.sealed;
      }
    } catch (error) {
      // Their rows may be whole: they go on as they were.
      for (const [index, lane] of lanes.entries())
        for (const entry of released[index] ?? []) lane.push(entry);
      throw error;
    }
    for (const entry of released.flat()) this.parts.erased(entry);
    for (const lane of this.parts.lanes()) await lane.sweepErased();
    if (sealed === 0) return count;
    throw new Error(
      `not everything was erased: ${sealed} entries share their group with others whose encryption key is missing here`,
    );
  }

  private async eraseFrom(
    table: Erasable,
    subjects: readonly string[],
  ): Promise<{ count: number; sealed: number }> {
    const upToId = table.lastId;
    const { first, least, most } = table.slices;
    const all = { count: 0, sealed: 0 };
    let afterId = 0;
    let size = first;
    for (;;) {
      let startedMs = performance.now();
      const end = table.endOfSlice(afterId, upToId, size);
      if (end === undefined) return all;
      if (table.isAny(subjects, afterId, end)) {
        const slice = await this.eraseSlice(table, subjects, afterId, end);
        startedMs = slice.startedMs;
        all.count += slice.count;
        all.sealed += slice.sealed;
      }
      const tookMs = performance.now() - startedMs;
      if (tookMs > SLICE_MS) size = Math.max(Math.ceil(size / 2), least);
      else if (tookMs < SLICE_MS / 2) size = Math.min(size * 2, most);
      afterId = end;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private async eraseSlice(
    table: Erasable,
    subjects: readonly string[],
    afterId: number,
    upToId: number,
  ): Promise<{ count: number; sealed: number; startedMs: number }> {
    const { counters, write, erased } = this.parts;
    let startedMs = 0;
    // So many rows, that nothing else goes with it.
    const { entries, sealed } = await write(MAX_ROWS, () => {
      startedMs = performance.now();
      const found = table.erase(subjects, afterId, upToId);
      for (const { owner, destination, bytes } of found.entries) {
        if (owner !== NOBODY) continue;
        const change = counters.change(destination);
        change.dropped += 1;
        change.pendingBytes -= bytes;
      }
      return found;
    });
    for (const entry of entries) if (entry.owner === NOBODY) erased(entry);
    return { count: entries.length, sealed, startedMs };
  }
}
