import { readFacts } from './group-facts';
import { ENDED } from './held-group';
import type { Database } from './libsql';
import { asBytes, bufferOf, textOf, type Bytes } from './stored-text';

export interface SalvagedLane {
  pending: number;
  bytes: number;
}

interface GroupRow {
  readonly id: number;
  readonly priority: unknown;
  readonly due_at: unknown;
  readonly destination: Bytes | null;
  readonly states: Bytes | null;
}

interface ContentsRow {
  readonly facts: Bytes | null;
  readonly sealed: Bytes | null;
}

/**
 * Copies the groups of a damaged database that can still be read, as they are: whether they open shows when
 * somebody wants them. Runs inside the caller's transaction.
 *
 * @param lanes is told what is pending in them, by destination.
 */
export function salvageGroups(
  source: Database,
  target: Database,
  lanes: Map<string, SalvagedLane>,
): void {
  const insertGroup = target.prepare(
    `INSERT INTO entry_groups (id, owner, destination, priority, due_at, erased, states)
     VALUES (?, 0, ?, ?, ?, 1, ?)`,
  );
  const insertContents = target.prepare(
    'INSERT INTO group_contents (id, facts, sealed) VALUES (?, ?, ?)',
  );
  for (const group of readable(source)) {
    const { id, destination, priority, dueAtMs, facts, sealed } = group;
    const places = readFacts(facts);
    // Better twice than never: what had ended in a row that is gone is not known.
    const states = group.states ?? Buffer.alloc(places?.length ?? 0);
    if (states.length === 0 || places?.length !== states.length) continue;
    const lane = lanes.get(destination) ?? { pending: 0, bytes: 0 };
    lanes.set(destination, lane);
    for (const [at, { bytes }] of places.entries()) {
      if (states[at] === ENDED) continue;
      lane.pending += 1;
      lane.bytes += bytes;
    }
    // Marked, because some of it may have been emptied while a process held it.
    insertGroup.run(id, destination, priority, dueAtMs, states);
    insertContents.run(id, textOf(facts), sealed);
  }
}

function* readable(source: Database) {
  const contents = source.prepare(
    `SELECT ${asBytes(['facts', 'sealed'])} FROM group_contents WHERE id = ?`,
  );
  for (const row of groupsOf(source)) {
    const { id, priority, due_at: dueAtMs } = row;
    const destination = row.destination === null ? undefined : textOf(row.destination);
    const states = row.states === null ? undefined : Buffer.from(bufferOf(row.states));
    const [{ facts, sealed } = { facts: null, sealed: null }] = untilDamaged<ContentsRow>(() => [
      contents.get(id),
    ]);
    if (destination === undefined || facts === null || sealed === null) continue;
    if (typeof priority !== 'number' || typeof dueAtMs !== 'number') continue;
    yield {
      id,
      destination,
      priority,
      dueAtMs,
      states,
      facts,
      sealed: Buffer.from(bufferOf(sealed)),
    };
  }
}

/** A page has the rows of many groups. What stood on a damaged one is still in the index, but for its states. */
function groupsOf(source: Database): Iterable<GroupRow> {
  const columns = `id, priority, due_at, ${asBytes(['destination'])}`;
  const found = new Map<number, GroupRow>();
  const see = (read: () => Iterable<unknown>) => {
    for (const row of untilDamaged<GroupRow>(read)) found.set(row.id, row);
  };
  see(() =>
    source
      .prepare(
        `SELECT ${columns}, NULL AS states FROM entry_groups INDEXED BY entry_groups_by_owner`,
      )
      .iterate(),
  );
  const whole = `SELECT ${columns}, ${asBytes(['states'])} FROM entry_groups NOT INDEXED`;
  see(() => source.prepare(whole).iterate());
  const one = source.prepare(`${whole} WHERE id = ?`);
  for (const { id, states } of [...found.values()]) if (states === null) see(() => [one.get(id)]);
  return found.values();
}

/** What lies behind the damage is given up. */
function untilDamaged<Row>(read: () => Iterable<unknown>): Row[] {
  const rows: Row[] = [];
  try {
    for (const row of read()) if (row !== undefined) rows.push(row as Row);
  } catch {
    // Nothing more can be read.
  }
  return rows;
}
