import { aboutAny } from '../outbox/erasure';
import { isAbout } from './about';
import type { Erasable, Erased, ErasedRow } from './erased-rows';
import type { GroupContents } from './group-contents';
import { readFacts, type Facts } from './group-facts';
import type { GroupTable } from './group-table';
import type { Database } from './libsql';
import { NOBODY } from './stored-entry';
import { asBytes, textOf, type Bytes } from './stored-text';

interface GroupRow {
  readonly id: number;
  readonly owner: number;
  readonly destination: Bytes | null;
  readonly facts: Bytes | null;
}

/**
 * Pending entries in groups that are to be forgotten: the group is written anew without them. Their places stay;
 * in a group that a process holds they are that process' to end.
 */
export class ErasedGroups implements Erasable {
  readonly slices = { first: 2, least: 1, most: 200 };
  private readonly last;
  private readonly slice;
  private readonly markErased;

  constructor(
    private readonly database: Database,
    private readonly contents: GroupContents,
    private readonly groups: GroupTable,
  ) {
    this.last = database.prepare('SELECT max(id) AS id FROM entry_groups');
    this.slice = database.prepare(
      'SELECT max(id) AS id FROM (SELECT id FROM entry_groups WHERE id > ? AND id <= ? ORDER BY id LIMIT ?)',
    );
    this.markErased = database.prepare('UPDATE entry_groups SET erased = 1 WHERE id = ?');
  }

  get lastId(): number {
    return (this.last.get() as { id: number | null }).id ?? 0;
  }

  endOfSlice(afterId: number, upToId: number, rows: number): number | undefined {
    return (this.slice.get(afterId, upToId, rows) as { id: number | null }).id ?? undefined;
  }

  isAny(subjects: readonly string[], afterId: number, upToId: number): boolean {
    const { sql, values } = isAbout(subjects, 'facts');
    const found = this.database
      .prepare(`SELECT 1 FROM group_contents WHERE id > ? AND id <= ? AND ${sql} LIMIT 1`)
      .get(afterId, upToId, ...values);
    return found !== undefined;
  }

  erase(subjects: readonly string[], afterId: number, upToId: number): Erased {
    const { sql, values } = isAbout(subjects, 'facts');
    const rows = this.database
      .prepare(
        `SELECT g.id AS id, owner, ${asBytes(['destination', 'facts'])}
         FROM group_contents JOIN entry_groups AS g USING (id)
         WHERE g.id > ? AND g.id <= ? AND ${sql}`,
      )
      .all(afterId, upToId, ...values) as GroupRow[];
    const entries: ErasedRow[] = [];
    let sealed = 0;
    for (const row of rows) {
      const about = placesAbout(row, subjects);
      // It was named by something else. What cannot be read is emptied: nobody can say whose it is.
      if (about.size === 0 && readFacts(row.facts) !== undefined) continue;
      const erased = this.eraseFrom(row, about);
      if (erased === undefined) sealed += about.size;
      else entries.push(...erased);
    }
    return { entries, sealed };
  }

  /** @returns those that were pending; `undefined` where no key of ours opens what would stay. */
  private eraseFrom(
    { id, owner, destination: bytes }: GroupRow,
    about: ReadonlyMap<number, Facts>,
  ): ErasedRow[] | undefined {
    const destination = bytes === null ? '' : (textOf(bytes) ?? '');
    const pending = this.groups.pendingPlaces(id);
    const isEmpty = owner === NOBODY && [...pending].every((place) => about.has(place));
    if (
      !isEmpty &&
      !this.contents.empty(id, destination, (place) => about.has(place) || !pending.has(place))
    )
      return undefined;
    const open = [...about.keys()].filter((place) => pending.has(place));
    if (owner !== NOBODY) this.markErased.run(id);
    const erased = owner === NOBODY ? this.groups.endPlaces(id, NOBODY, open) : open;
    return erased.map((place) => {
      const { key, eventId, eventName, bytes: taken } = about.get(place) as Facts;
      return { owner, destination, key, eventId, eventName, bytes: taken };
    });
  }
}

function placesAbout({ facts }: GroupRow, subjects: readonly string[]): ReadonlyMap<number, Facts> {
  const isIt = aboutAny(subjects);
  const about = new Map<number, Facts>();
  for (const [at, place] of (readFacts(facts) ?? []).entries())
    if (place.key !== undefined && isIt(place)) about.set(at, place);
  return about;
}
