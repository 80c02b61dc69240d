import { entryBytes } from '../outbox/entry-bytes';
import type { LeasedEntry, OutboxEntry } from '../outbox/outbox';
import type { Priority } from '../outbox/priority';

/** An entry as it lies in a job. */
export interface StoredEntry extends LeasedEntry {
  /** Not to be tried before, by the clock; zero for at once. */
  readonly dueMs: number;
}

type Row = [
  key: string,
  eventId: string,
  eventName: string,
  occurredAtMs: number,
  acceptedAtMs: number,
  priority: Priority,
  body: string,
  envelope: string,
  attempts?: number,
  dueMs?: number,
];

/** The entries of one destination that share a job, as its data. Places instead of names: it is read often. */
export function encodeGroup(entries: Iterable<OutboxEntry & Partial<StoredEntry>>): string {
  const rows: Row[] = [];
  for (const entry of entries) rows.push(rowOf(entry));
  return JSON.stringify({ entries: rows });
}

/** @param data as BullMQ keeps it; what we did not write is read as an empty group. */
export function decodeGroup(destination: string, data: string): StoredEntry[] {
  const { entries } = JSON.parse(data) as { entries?: readonly Row[] };
  return (entries ?? []).map((row) => ({
    key: row[0],
    destination,
    eventId: row[1],
    eventName: row[2],
    occurredAtMs: row[3],
    acceptedAtMs: row[4],
    priority: row[5],
    wire: { body: row[6], envelope: row[7] },
    attempts: row[8] ?? 0,
    dueMs: row[9] ?? 0,
  }));
}

function rowOf(entry: OutboxEntry & Partial<StoredEntry>): Row {
  const { key, eventId, eventName, occurredAtMs, acceptedAtMs, priority, wire } = entry;
  const row: Row = [
    key,
    eventId,
    eventName,
    occurredAtMs,
    acceptedAtMs,
    priority,
    wire.body,
    wire.envelope,
  ];
  if ((entry.attempts ?? 0) > 0 || (entry.dueMs ?? 0) > 0)
    row.push(entry.attempts ?? 0, entry.dueMs ?? 0);
  return row;
}

const MAX_GROUP_ENTRIES = 200;
const MAX_GROUP_CHARACTERS = 512 * 1024;

/** Entries of one priority that share a job. */
export interface Group<Entry extends OutboxEntry = OutboxEntry> {
  readonly priority: Priority;
  readonly entries: readonly Entry[];
}

/** Few and large, the urgent first; the order of equals is kept. */
export function groupsOf<Entry extends OutboxEntry>(entries: readonly Entry[]): Group<Entry>[] {
  return ([0, 1, 2] as const).flatMap((priority) => {
    const groups: { priority: Priority; entries: Entry[] }[] = [];
    let characters = Infinity;
    for (const entry of entries) {
      if (entry.priority !== priority) continue;
      let group = groups.at(-1);
      const size = entry.wire.body.length + entry.wire.envelope.length;
      if (
        group === undefined ||
        group.entries.length >= MAX_GROUP_ENTRIES ||
        characters + size > MAX_GROUP_CHARACTERS
      ) {
        group = { priority, entries: [] };
        groups.push(group);
        characters = 0;
      }
      group.entries.push(entry);
      characters += size;
    }
    return groups;
  });
}

export function bytesOf(entries: Iterable<OutboxEntry>): number {
  let sum = 0;
  for (const entry of entries) sum += entryBytes(entry);
  return sum;
}
