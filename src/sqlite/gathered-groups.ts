import { wireBytes } from '../events/packed-wire';
import type { WireEvent } from '../events/wire-event';
import type { OutboxEntry } from '../outbox/outbox';
import { WirePackers } from '../outbox/wire-packers';
import type { Place } from './group-facts';
import { HeldGroup, type GroupFacts } from './held-group';
import { entryAt, type StoredEntry } from './stored-entry';

/** A group on its way to the disk. */
export interface GatheredGroup {
  readonly group: HeldGroup;
  readonly places: readonly Place[];
  readonly wires: readonly WireEvent[];
}

interface OpenGroup extends GatheredGroup {
  readonly places: Place[];
  readonly wires: WireEvent[];
  wireBytes: number;
}

const MAX_PLACES = 200;
const MAX_WIRE_BYTES = 256 * 1024;

/** What a transaction stores: a group for each destination, priority and owner, one after the other where it is much. */
export class GatheredGroups {
  private readonly groups = new Map<string, OpenGroup>();
  private readonly packers = new WirePackers();

  constructor(private readonly insert: (group: GatheredGroup) => void) {}

  add(entry: OutboxEntry, bytes: number, owner: number, dueAtMs: number): StoredEntry {
    const { destination, priority } = entry;
    const wire = this.packers.pack(entry);
    const size = wireBytes(wire);
    const gathered = this.groupFor({ destination, priority, dueAtMs, owner }, size);
    gathered.wireBytes += size;
    const stored = entryAt(gathered.group, gathered.places.length, entry, bytes, wire);
    gathered.places.push(stored);
    gathered.wires.push(wire);
    return stored;
  }

  write(): void {
    for (const gathered of this.groups.values()) this.insert(gathered);
    this.clear();
  }

  clear(): void {
    this.groups.clear();
  }

  private groupFor(facts: GroupFacts, size: number): OpenGroup {
    const name = `${facts.owner}/${facts.priority}/${facts.destination}`;
    const known = this.groups.get(name);
    if (known !== undefined) {
      if (known.places.length < MAX_PLACES && known.wireBytes + size <= MAX_WIRE_BYTES)
        return known;
      this.insert(known);
    }
    const gathered = { group: new HeldGroup(facts), places: [], wires: [], wireBytes: 0 };
    this.groups.set(name, gathered);
    return gathered;
  }
}
