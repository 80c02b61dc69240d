import { ERASED_PRIORITY } from './erased-rows';
import type { GroupContents } from './group-contents';
import type { GroupTable } from './group-table';
import { ENDED } from './held-group';
import type { Database } from './libsql';
import type { StoredEntry } from './stored-entry';
import { bufferOf, type Bytes } from './stored-text';

/** The most that is found at once. */
const MAX_ROWS = 2_000;
const MAX_GROUPS = 500;

interface LeftGroup {
  readonly id: number;
  readonly owner: number;
  /** Those that were emptied and are pending, with what they took. */
  readonly places: Map<number, number>;
}

/** What is left of erased entries of one destination. */
class Left {
  constructor(
    readonly rows: Set<number>,
    readonly groups: ReadonlyMap<number, LeftGroup>,
    readonly hasMore: boolean,
  ) {}

  get size(): number {
    let size = this.rows.size;
    for (const { places } of this.groups.values()) size += places.size;
    return size;
  }

  has({ group, place }: StoredEntry): boolean {
    if (group === undefined) return this.rows.has(place);
    const found = this.groups.get(group.id);
    return found?.owner === group.owner && found.places.has(place);
  }

  /** It is under way, and ends by itself. */
  leave({ group, place }: StoredEntry): void {
    if (group === undefined) this.rows.delete(place);
    else this.groups.get(group.id)?.places.delete(place);
  }
}

/** Entries that were erased and are still counted as pending, because a process held them. */
export class LeftErased {
  private readonly findRows;
  private readonly findGroups;
  private readonly removeRows;
  private readonly findStates;
  private readonly allEnded;

  constructor(
    database: Database,
    private readonly contents: GroupContents,
    private readonly groups: GroupTable,
  ) {
    this.findRows = database.prepare(
      `SELECT id FROM entries WHERE owner IN (0, ?) AND destination = ? AND priority = ${ERASED_PRIORITY}
       LIMIT ${MAX_ROWS}`,
    );
    this.findGroups = database.prepare(
      `SELECT id, owner, states FROM entry_groups
       WHERE erased = 1 AND destination = ? AND owner IN (0, ?) LIMIT ${MAX_GROUPS}`,
    );
    this.removeRows = database.prepare(
      `DELETE FROM entries WHERE id IN (SELECT value FROM json_each(?)) AND priority = ${ERASED_PRIORITY}
       RETURNING accepted_at AS bytes`,
    );
    this.findStates = database.prepare('SELECT states FROM entry_groups WHERE id = ?');
    this.allEnded = database.prepare(
      'UPDATE entry_groups SET erased = 0 WHERE id = ? AND owner = ?',
    );
  }

  /** Those that this owner holds, or nobody does. */
  find(destination: string, owner: number): Left | undefined {
    const rows = this.findRows.all(owner, destination) as { id: number }[];
    const groups = this.findGroups.all(destination, owner) as {
      id: number;
      owner: number;
      states: Bytes | null;
    }[];
    if (rows.length === 0 && groups.length === 0) return undefined;
    return new Left(
      new Set(rows.map(({ id }) => id)),
      new Map(
        groups.map((group) => [
          group.id,
          { ...group, places: this.emptied(group.id, bufferOf(group.states)) },
        ]),
      ),
      rows.length === MAX_ROWS || groups.length === MAX_GROUPS,
    );
  }

  /** Inside a transaction. Some may have ended meanwhile. */
  end(left: Left): { readonly count: number; readonly bytes: number } {
    const ids = JSON.stringify([...left.rows]);
    const removed = this.removeRows.all(ids) as { bytes: number }[];
    for (const { id, owner, places } of left.groups.values()) {
      for (const place of this.groups.endPlaces(id, owner, places.keys()))
        removed.push({ bytes: places.get(place) ?? 0 });
      if (this.areEnded(id)) this.allEnded.run(id, owner);
    }
    return { count: removed.length, bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** What is under way ends later, and must not come back from there. */
  private areEnded(id: number): boolean {
    const row = this.findStates.get(id) as { states: Bytes | null } | undefined;
    return row !== undefined && this.emptied(id, bufferOf(row.states)).size === 0;
  }

  private emptied(id: number, states: Buffer): Map<number, number> {
    const emptied = new Map<number, number>();
    for (const [at, place] of (this.contents.places(id) ?? []).entries())
      if (place.key === undefined && (states[at] ?? ENDED) !== ENDED) emptied.set(at, place.bytes);
    return emptied;
  }
}
