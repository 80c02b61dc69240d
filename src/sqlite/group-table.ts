import type { OutboxEntry } from '../outbox/outbox';
import type { Priority } from '../outbox/priority';
import { GatheredGroups, type GatheredGroup } from './gathered-groups';
import { NO_WIRE, type Contents, type GroupContents } from './group-contents';
import type { Facts, Place } from './group-facts';
import { ENDED, HeldGroup } from './held-group';
import type { Database } from './libsql';
import { DAMAGED, entryAt, NOBODY, type StoredEntry } from './stored-entry';
import { asBytes, bufferOf, textOf, type Bytes } from './stored-text';

interface GroupRow {
  readonly id: number;
  readonly priority: Priority;
  readonly due_at: number;
  readonly states: Bytes | null;
  readonly destination: Bytes | null;
}

export interface TakenGroup {
  readonly entries: readonly StoredEntry[];
  /** It was put back for a while, because no key of ours opens it. */
  readonly sealedWhy?: string | undefined;
}

/** What no key opens is looked at again after this. */
const NO_KEY_DELAY_MS = 15_000;
/** What is known of an entry of which nothing can be read. */
const UNREADABLE: Facts = {
  key: '',
  eventId: '',
  eventName: '',
  occurredAtMs: 0,
  acceptedAtMs: 0,
  bytes: 0,
};

/**
 * Pending entries that one commit stored together, sealed as one. Every change asks for the owner: that is the
 * fence. All methods that write want to be called inside a transaction, and to be told how it ended.
 */
export class GroupTable {
  private readonly gathered = new GatheredGroups((group) => {
    this.insert(group);
  });
  private readonly held = new Map<number, HeldGroup>();
  /** Touched by the running transaction. */
  private readonly arrived = new Set<HeldGroup>();
  private readonly changed = new Set<HeldGroup>();
  private readonly looked = new Map<number, HeldGroup>();
  private readonly lookedAt = new Map<number, readonly Place[] | undefined>();
  private readonly insertOne;
  private readonly firstDue;
  private readonly findOne;
  private readonly take;
  private readonly postpone;
  private readonly setStates;
  private readonly removeOne;
  private readonly isErased;

  constructor(
    database: Database,
    private readonly contents: GroupContents,
  ) {
    this.insertOne = database.prepare(
      `INSERT INTO entry_groups (owner, destination, priority, due_at, erased, states)
       VALUES (?, ?, ?, ?, 0, ?)`,
    );
    this.firstDue = database.prepare(
      `SELECT id, due_at AS dueAtMs FROM entry_groups
       WHERE owner = 0 AND destination = ? AND priority = ? ORDER BY due_at LIMIT 1`,
    );
    this.findOne = database.prepare(
      `SELECT id, priority, due_at, ${asBytes(['destination', 'states'])} FROM entry_groups WHERE id = ?`,
    );
    this.take = database.prepare('UPDATE entry_groups SET owner = ? WHERE id = ? AND owner = 0');
    this.postpone = database.prepare('UPDATE entry_groups SET owner = 0, due_at = ? WHERE id = ?');
    this.setStates = database.prepare(
      'UPDATE entry_groups SET states = ? WHERE id = ? AND owner = ?',
    );
    this.removeOne = database.prepare('DELETE FROM entry_groups WHERE id = ? AND owner = ?');
    this.isErased = database.prepare('SELECT erased FROM entry_groups WHERE id = ? AND owner = ?');
  }

  /** It is on the disk when the transaction has been told to `write`. */
  add(entry: OutboxEntry, bytes: number, owner: number, dueAtMs: number): StoredEntry {
    return this.gathered.add(entry, bytes, owner, dueAtMs);
  }

  write(): void {
    this.gathered.write();
  }

  /** The first of those that nobody holds. */
  first(destination: string, priority: Priority): { id: number; dueAtMs: number } | undefined {
    return this.firstDue.get(destination, priority) as { id: number; dueAtMs: number } | undefined;
  }

  /** Takes a group that nobody holds, with all of it that is pending. */
  claim(id: number, owner: number, nowMs: number): TakenGroup {
    const row = this.findOne.get(id) as GroupRow;
    this.take.run(owner, id);
    const group = groupOf(row, owner);
    if (group.open === 0) {
      this.save(group);
      return { entries: [] };
    }
    const contents = this.contents.open(id, group.destination);
    if (contents.kind === 'key-missing') {
      this.postpone.run(nowMs + NO_KEY_DELAY_MS, id);
      return { entries: [], sealedWhy: contents.reason };
    }
    this.arrived.add(group);
    return { entries: entriesOf(group, contents) };
  }

  /** @returns those that were still pending and ours. */
  end(entries: readonly StoredEntry[]): StoredEntry[] {
    return this.change(entries, (group, { place }) => group.end(place));
  }

  /** Counts one more attempt. @returns those that are still pending and ours. */
  retry(entries: readonly StoredEntry[]): StoredEntry[] {
    return this.change(entries, (group, { place, attempts }) => group.retried(place, attempts + 1));
  }

  /** Takes the first entry out of a group that nobody holds. */
  evictFrom(id: number): StoredEntry | undefined {
    const row = this.findOne.get(id) as GroupRow;
    const group = this.look(row);
    const place = group.states.findIndex((_state, at) => group.isOpen(at));
    if (place < 0) {
      this.save(group);
      return undefined;
    }
    const facts = this.placesOf(id)?.[place] ?? UNREADABLE;
    const evicted = entryAt(group, place, { ...UNREADABLE, ...facts }, facts.bytes, NO_WIRE);
    return this.end([evicted])[0];
  }

  /** Whether it is ours and pending, and nobody has emptied it meanwhile. */
  isWhole({ group, place }: StoredEntry): boolean {
    if (!group?.isOpen(place)) return false;
    const row = this.isErased.get(group.id, group.owner) as { erased: number } | undefined;
    if (row === undefined || row.erased === 0) return row !== undefined;
    return this.contents.places(group.id)?.[place]?.key !== undefined;
  }

  /** Gives the room free that these take and all others of their groups that are not pending. */
  makeRoom(entries: readonly StoredEntry[]): void {
    const going = new Map<HeldGroup, Set<number>>();
    for (const { group, place } of entries) {
      if (group === undefined) continue;
      const places = going.get(group) ?? new Set();
      going.set(group, places.add(place));
    }
    for (const [group, places] of going) {
      const row = this.isErased.get(group.id, group.owner) as { erased: number } | undefined;
      // What somebody emptied must not look like what we empty here.
      if (row?.erased !== 0) continue;
      this.contents.empty(
        group.id,
        group.destination,
        (place) => places.has(place) || !group.isOpen(place),
      );
    }
  }

  /** Ends places of a group that this owner holds, or nobody does. @returns which, of those that were pending. */
  endPlaces(id: number, owner: number, places: Iterable<number>): readonly number[] {
    const group = owner === NOBODY ? this.lookAt(id) : this.held.get(id);
    if (group?.owner !== owner) return [];
    this.changed.add(group);
    const ended = [...places].filter((place) => group.end(place));
    return ended.length > 0 && this.save(group) ? ended : [];
  }

  pendingPlaces(id: number): ReadonlySet<number> {
    const row = this.findOne.get(id) as GroupRow | undefined;
    const states = [...bufferOf(row?.states ?? null).entries()];
    return new Set(states.filter(([, state]) => state !== ENDED).map(([place]) => place));
  }

  /** What was held under another lease is somebody else's. */
  lost(owner: number | undefined): void {
    for (const [id, group] of this.held) if (group.owner !== owner) this.held.delete(id);
  }

  committed(): void {
    for (const group of this.arrived) if (group.owner !== NOBODY) this.held.set(group.id, group);
    for (const group of this.changed) {
      group.committed();
      if (group.open === 0 && this.held.get(group.id) === group) this.held.delete(group.id);
    }
    this.forget();
  }

  rolledBack(): void {
    for (const group of this.changed) group.rolledBack();
    this.forget();
  }

  private forget(): void {
    this.gathered.clear();
    this.arrived.clear();
    this.changed.clear();
    this.looked.clear();
    this.lookedAt.clear();
  }

  private insert({ group, places, wires }: GatheredGroup): void {
    const { destination, owner, priority, dueAtMs } = group.facts;
    const states = Buffer.alloc(places.length);
    const { lastInsertRowid } = this.insertOne.run(owner, destination, priority, dueAtMs, states);
    group.written(Number(lastInsertRowid), places.length);
    this.contents.insert(group.id, destination, places, wires);
    this.arrived.add(group);
  }

  private change(
    entries: readonly StoredEntry[],
    changes: (group: HeldGroup, entry: StoredEntry) => boolean,
  ): StoredEntry[] {
    const touched = new Set<HeldGroup>();
    const changed = entries.filter((entry) => {
      const { group } = entry;
      if (group === undefined || !changes(group, entry)) return false;
      touched.add(group);
      this.changed.add(group);
      return true;
    });
    const lost = new Set<HeldGroup>();
    for (const group of touched) if (!this.save(group)) lost.add(group);
    return lost.size === 0 ? changed : changed.filter(({ group }) => !lost.has(group as HeldGroup));
  }

  /** @returns whether it was still its owner's. */
  private save(group: HeldGroup): boolean {
    const { id, owner } = group;
    if (group.open > 0) return this.setStates.run(group.states, id, owner).changes > 0;
    if (this.removeOne.run(id, owner).changes === 0) return false;
    this.contents.remove(id);
    return true;
  }

  /** Many are evicted one by one. */
  private placesOf(id: number): readonly Place[] | undefined {
    if (!this.lookedAt.has(id)) this.lookedAt.set(id, this.contents.places(id));
    return this.lookedAt.get(id);
  }

  private lookAt(id: number): HeldGroup | undefined {
    const row = this.findOne.get(id) as GroupRow | undefined;
    return row === undefined ? undefined : this.look(row);
  }

  /** One that nobody holds; the same one for all who look within a transaction. */
  private look(row: GroupRow): HeldGroup {
    const group = this.looked.get(row.id) ?? groupOf(row, NOBODY);
    this.looked.set(row.id, group);
    return group;
  }
}

function groupOf(row: GroupRow, owner: number): HeldGroup {
  const destination = row.destination === null ? '' : (textOf(row.destination) ?? '');
  const facts = { destination, priority: row.priority, dueAtMs: row.due_at, owner };
  const group = new HeldGroup(facts, Buffer.from(bufferOf(row.states)));
  group.id = row.id;
  return group;
}

/** All that are pending and were not emptied; whoever emptied them has them counted. */
function entriesOf(
  group: HeldGroup,
  contents: Exclude<Contents, { kind: 'key-missing' }>,
): StoredEntry[] {
  const wires = contents.kind === 'open' ? contents.wires : [];
  const entries: StoredEntry[] = [];
  for (const [at, state] of group.states.entries()) {
    const facts = contents.places?.[at] ?? UNREADABLE;
    if (!group.isOpen(at) || facts.key === undefined) continue;
    const wire = wires[at];
    const fault = wire === undefined ? DAMAGED : undefined;
    const stored = entryAt(group, at, facts, facts.bytes, wire ?? NO_WIRE, fault);
    stored.attempts = state;
    entries.push(stored);
  }
  return entries;
}
