import { entryBytes, storedBytes } from '../outbox/entry-bytes';
import { aboutAny } from '../outbox/erasure';
import { joinWires, splitWires } from '../outbox/joined-wires';
import type { LeasedEntry, OutboxEntry } from '../outbox/outbox';
import type { Priority } from '../outbox/priority';
import { openWire } from '../outbox/sealed-wire';
import { SEAL_BYTES, SealError, type Vault } from '../records/vault';
import { wireBytes as bytesOfWire } from '../events/packed-wire';
import type { WireEvent } from '../events/wire-event';

/** Why an entry cannot be handed over: its key is not here, or its bytes were changed. */
export type Fault = 'key-missing' | 'damaged';

/** An entry as it lies in a job. */
export interface StoredEntry extends LeasedEntry {
  /** Not to be tried before, by the clock; zero for at once. */
  readonly dueMs: number;
  /** What it takes, as it was counted when it was accepted. */
  readonly bytes: number;
  /** Its own sealed wire event, of a dead letter that was put back. */
  readonly sealed?: string | undefined;
  /** Its wire event is empty then. */
  readonly fault?: Fault | undefined;
}

type Row = [
  key: string,
  eventId: string,
  eventName: string,
  occurredAtMs: number,
  acceptedAtMs: number,
  priority: Priority,
  wireBytes: number,
  attempts: number,
  dueMs: number,
  subjects?: readonly string[] | null,
  consentAtMs?: number | null,
  /** Where it is not among those that are sealed together. */
  sealed?: string,
];

/** As groups were before they were sealed. */
type OpenRow = [
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

interface GroupJson {
  /** Places instead of names: it is read often. */
  readonly rows?: readonly Row[];
  /** The wire events of all rows that have none of their own, in their order; or that they stand apart. */
  readonly sealed?: string;
  readonly entries?: readonly OpenRow[];
}

const NOTHING = Buffer.alloc(0);
const NO_WIRE: WireEvent = { body: '', envelope: '' };

/**
 * In place of what stands apart. To those who look for it here it is sealed with a key that nobody has, so that they
 * leave the job to others.
 */
const APART = Buffer.from([1, ...new Array<number>(SEAL_BYTES - 1).fill(0)]).toString('base64');

/** An entry on its way into a job, be it new or out of another. */
export type GroupEntry = OutboxEntry & Partial<StoredEntry>;

/** A group as it is stored. */
export interface GroupData {
  readonly data: string;
  /** Its sealed part, where that does not stand in the data. */
  readonly sealed?: Buffer | undefined;
}

/** A group of which some entries are to go. */
interface Split {
  /** Without their wire events. */
  readonly about: readonly StoredEntry[];
  /** The others; `undefined` where no key of ours opens them. */
  readonly left: GroupData | undefined;
  readonly isEmpty: boolean;
  /** What those that go take. */
  readonly bytes: number;
}

/** The entries of one destination that share a job: sealed once, whatever their number. */
export class GroupCodec {
  /** @param sealedStands whether the storage keeps bytes beside the data of a job. */
  constructor(
    private readonly vault: Vault,
    private readonly sealedStands: 'within' | 'apart',
  ) {}

  encode(destination: string, entries: Iterable<GroupEntry>): GroupData {
    const rows: Row[] = [];
    const wires: WireEvent[] = [];
    for (const entry of entries) {
      // What was damaged stays so, whatever it is written with.
      const sealed = entry.fault === undefined ? entry.sealed : (entry.sealed ?? '');
      rows.push(rowOf(entry, sealed));
      if (sealed === undefined) wires.push(entry.wire);
    }
    if (wires.length === 0) return { data: JSON.stringify({ rows }) };
    const sealed = this.vault.seal(joinWires(wires), placeOf(destination));
    return this.sealedStands === 'apart'
      ? { data: JSON.stringify({ rows, sealed: APART }), sealed }
      : { data: JSON.stringify({ rows, sealed: sealed.toString('base64') }) };
  }

  /**
   * @param data as BullMQ keeps it; what we did not write is read as an empty group.
   * @param apart what stands apart from it, if anything does.
   */
  decode(destination: string, data: string, apart?: Uint8Array | null): StoredEntry[] {
    const { rows = [], sealed, entries = [] } = JSON.parse(data) as GroupJson;
    const { wires, fault } = this.opened(destination, sealed, apart);
    let next = 0;
    const stored = rows.map((row) => {
      const own = row[11];
      if (own !== undefined) return this.withOwnWire(storedEntry(destination, row), own);
      const wire = wires[next];
      next += 1;
      return wire === undefined
        ? { ...storedEntry(destination, row), fault: fault ?? ('damaged' as const) }
        : storedEntry(destination, row, wire);
    });
    return [...stored, ...entries.map((row) => openEntry(destination, row))];
  }

  /** The entries about these people, without their wire events. */
  about(destination: string, data: string, subjects: readonly string[]): readonly StoredEntry[] {
    const { rows = [] } = JSON.parse(data) as GroupJson;
    return rows.map((row) => storedEntry(destination, row)).filter(aboutAny(subjects));
  }

  /**
   * The group without the entries about these people. It is opened only where others stay in it.
   *
   * @returns `undefined` where none is about them.
   */
  without(
    destination: string,
    data: string,
    subjects: readonly string[],
    apart?: Uint8Array | null,
  ): Split | undefined {
    const about = this.about(destination, data, subjects);
    if (about.length === 0) return undefined;
    const { rows = [] } = JSON.parse(data) as GroupJson;
    const isAbout = aboutAny(subjects);
    const isEmpty = about.length === rows.length;
    const others = isEmpty
      ? []
      : this.decode(destination, data, apart).filter((one) => !isAbout(one));
    const isReadable = others.every(({ fault }) => fault !== 'key-missing');
    const left = isReadable ? this.encode(destination, others) : undefined;
    return { about, left, isEmpty, bytes: bytesOf(about) };
  }

  private opened(
    destination: string,
    sealed: string | undefined,
    apart: Uint8Array | null | undefined,
  ): { wires: readonly WireEvent[]; fault?: Fault } {
    if (sealed === undefined) return { wires: [] };
    try {
      const bytes = sealed === APART ? (apart ?? NOTHING) : Buffer.from(sealed, 'base64');
      return { wires: splitWires(this.vault.openBytes(bytes, placeOf(destination))) };
    } catch (error) {
      return { wires: [], fault: faultOf(error) };
    }
  }

  private withOwnWire(entry: StoredEntry, sealed: string): StoredEntry {
    try {
      const wire = openWire(this.vault, entry.key, Buffer.from(sealed, 'base64'));
      return { ...entry, wire };
    } catch (error) {
      return { ...entry, sealed, fault: faultOf(error) };
    }
  }
}

function placeOf(destination: string): string {
  return `group:${destination}`;
}

function faultOf(error: unknown): Fault {
  return error instanceof SealError && error.isKeyMissing ? 'key-missing' : 'damaged';
}

function storedEntry(destination: string, row: Row, wire = NO_WIRE): StoredEntry {
  const key = row[0];
  const eventId = row[1];
  return {
    key,
    destination,
    eventId,
    eventName: row[2],
    occurredAtMs: row[3],
    acceptedAtMs: row[4],
    priority: row[5],
    subjects: row[9] ?? undefined,
    consentAtMs: row[10] ?? undefined,
    wire,
    attempts: row[7],
    dueMs: row[8],
    bytes: storedBytes({ key, eventId }, row[6]),
  };
}

function openEntry(destination: string, row: OpenRow): StoredEntry {
  const entry = {
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
  };
  return { ...entry, bytes: entryBytes(entry) };
}

function rowOf(entry: GroupEntry, sealed: string | undefined): Row {
  const { key, eventId, eventName, occurredAtMs, acceptedAtMs, priority, wire } = entry;
  const { subjects, consentAtMs } = entry;
  const wireBytes =
    entry.bytes === undefined ? bytesOfWire(wire) : entry.bytes - storedBytes({ key, eventId }, 0);
  const row: Row = [
    key,
    eventId,
    eventName,
    occurredAtMs,
    acceptedAtMs,
    priority,
    wireBytes,
    entry.attempts ?? 0,
    entry.dueMs ?? 0,
  ];
  if (subjects === undefined && consentAtMs === undefined && sealed === undefined) return row;
  row.push(subjects ?? null, consentAtMs ?? null);
  if (sealed !== undefined) row.push(sealed);
  return row;
}

const MAX_GROUP_ENTRIES = 200;
const MAX_GROUP_BYTES = 512 * 1024;

/** Entries of one priority that share a job. */
export interface Group<Entry extends OutboxEntry = OutboxEntry> {
  readonly priority: Priority;
  readonly entries: readonly Entry[];
}

/** Few and large, the urgent first; the order of equals is kept. */
export function groupsOf<Entry extends GroupEntry>(entries: readonly Entry[]): Group<Entry>[] {
  return ([0, 1, 2] as const).flatMap((priority) => {
    const groups: { priority: Priority; entries: Entry[] }[] = [];
    let bytes = Infinity;
    for (const entry of entries) {
      if (entry.priority !== priority) continue;
      let group = groups.at(-1);
      const size = entry.sealed?.length ?? bytesOfWire(entry.wire);
      if (
        group === undefined ||
        group.entries.length >= MAX_GROUP_ENTRIES ||
        bytes + size > MAX_GROUP_BYTES
      ) {
        group = { priority, entries: [] };
        groups.push(group);
        bytes = 0;
      }
      group.entries.push(entry);
      bytes += size;
    }
    return groups;
  });
}

export function bytesOf(entries: Iterable<GroupEntry>): number {
  let sum = 0;
  for (const entry of entries) sum += entry.bytes ?? entryBytes(entry);
  return sum;
}
