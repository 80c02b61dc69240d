import { joinWires, splitWires } from '../outbox/joined-wires';
import type { WireEvent } from '../events/wire-event';
import { ReusedMemory } from '../records/reused-memory';
import { SealError, type Vault } from '../records/vault';
import { FactsWriter, readFacts, type Place } from './group-facts';
import type { Database } from './libsql';
import { asBytes, bufferOf, type Bytes } from './stored-text';

export type Contents =
  | {
      readonly kind: 'open';
      readonly places: readonly Place[];
      /** One of each place. */
      readonly wires: readonly WireEvent[];
    }
  | { readonly kind: 'key-missing'; readonly reason: string }
  /** Its facts may still be readable. */
  | { readonly kind: 'damaged'; readonly places: readonly Place[] | undefined };

export const NO_WIRE: WireEvent = { body: '', envelope: '' };

/** What the entries of a group are: their facts, to be seen, and their wire events, sealed once for all. */
export class GroupContents {
  private readonly memory = new ReusedMemory();
  private readonly facts = new FactsWriter();
  private readonly insertOne;
  private readonly findOne;
  private readonly findFacts;
  private readonly removeOne;

  constructor(
    database: Database,
    private readonly vault: Vault,
  ) {
    // A damaged file may hold one that belongs to nobody.
    this.insertOne = database.prepare(
      'INSERT OR REPLACE INTO group_contents (id, facts, sealed) VALUES (?, ?, ?)',
    );
    this.findOne = database.prepare(
      `SELECT ${asBytes(['facts', 'sealed'])} FROM group_contents WHERE id = ?`,
    );
    this.findFacts = database.prepare(
      `SELECT ${asBytes(['facts'])} FROM group_contents WHERE id = ?`,
    );
    this.removeOne = database.prepare('DELETE FROM group_contents WHERE id = ?');
  }

  insert(
    id: number,
    destination: string,
    places: readonly Place[],
    wires: readonly WireEvent[],
  ): void {
    const sealed = this.vault.seal(joinWires(wires), placeOf(destination), this.memory);
    this.insertOne.run(id, this.facts.write(places), sealed);
  }

  /** `undefined` where they cannot be read. */
  places(id: number): readonly Place[] | undefined {
    const row = this.findFacts.get(id) as { facts: Bytes | null } | undefined;
    return readFacts(row?.facts ?? null);
  }

  /** @param destination what it was sealed for. */
  open(id: number, destination: string): Contents {
    const row = this.findOne.get(id) as { facts: Bytes | null; sealed: Bytes | null } | undefined;
    let wires: readonly WireEvent[] | undefined;
    try {
      const sealed = bufferOf(row?.sealed ?? null);
      wires = splitWires(this.vault.openBytes(sealed, placeOf(destination)));
    } catch (error) {
      // Before its facts are read, which takes longer: there may be thousands of such groups.
      if (error instanceof SealError && error.isKeyMissing)
        return { kind: 'key-missing', reason: error.message };
    }
    const places = readFacts(row?.facts ?? null);
    return wires !== undefined && wires.length === places?.length
      ? { kind: 'open', places, wires }
      : { kind: 'damaged', places };
  }

  remove(id: number): void {
    this.removeOne.run(id);
  }

  /**
   * Writes the contents anew without those of some places.
   *
   * @returns whether it could: others that stay must be opened for it.
   */
  empty(id: number, destination: string, isToGo: (place: number) => boolean): boolean {
    const left = (this.places(id) ?? []).map((place, at) =>
      isToGo(at) ? { bytes: place.bytes } : place,
    );
    const contents = left.some(({ key }) => key !== undefined)
      ? this.open(id, destination)
      : undefined;
    if (contents?.kind === 'key-missing') return false;
    // Before it is written anew, which may find no other room.
    this.remove(id);
    if (contents?.kind === 'damaged') {
      this.insertOne.run(id, this.facts.write(left), Buffer.alloc(0));
    } else {
      const wires = left.map(({ key }, at) => (key === undefined ? NO_WIRE : contents?.wires[at]));
      this.insert(
        id,
        destination,
        left,
        wires.map((wire) => wire ?? NO_WIRE),
      );
    }
    return true;
  }
}

function placeOf(destination: string): string {
  return `group:${destination}`;
}
