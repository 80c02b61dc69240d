import type { Clock } from '../clock';
import type { RequestContext } from '../events/request-context';
import type { RecordStore, StoredRecord } from '../records/record-store';
import { Turns } from '../records/turns';
import type { Vault } from '../records/vault';

const COLLECTION = 'contexts';

/** A context, and the names of whose it is. */
export interface KeptContext {
  readonly context: RequestContext;
  /** Keyed hashes of the people that it is about. */
  readonly subjects: readonly string[];
  /** The same of people whose events it was joined with: it is erased and exported with them. */
  readonly usedBy?: readonly string[];
  /** Unix milliseconds. */
  readonly expiresAtMs?: number;
}

/** Keeps contexts from checkout to webhook, sealed: they hold addresses and cookies as they came. */
export class ContextStore {
  constructor(
    private readonly records: RecordStore,
    private readonly vault: Vault,
    private readonly clock: Clock,
  ) {}

  /** Replaces what stands under `ref`, until `kept.expiresAtMs`. */
  async put(ref: string, kept: KeptContext): Promise<void> {
    const { subjects, usedBy = [], expiresAtMs = this.clock.now() } = kept;
    const value = this.vault.sealText(JSON.stringify(kept), placeOf(ref));
    const about = [...new Set([...subjects, ...usedBy])];
    await this.records.put([
      { collection: COLLECTION, key: ref, value, subjects: about, expiresAtMs },
    ]);
  }

  /**
   * Several at once, of all processes, add up.
   *
   * @param changed `undefined`: it stays as it is.
   * @returns what stands there now; `undefined`: nothing.
   */
  change(
    ref: string,
    changed: (kept: KeptContext) => KeptContext | undefined,
  ): Promise<KeptContext | undefined> {
    return new Turns(this.records, placeOf(ref), this.clock).run(async () => {
      const kept = await this.load(ref);
      const next = kept && changed(kept);
      if (next !== undefined) await this.put(ref, next);
      return next ?? kept;
    });
  }

  /** Rejects where the storage is out of reach, or what stands there cannot be opened. */
  async load(ref: string): Promise<KeptContext | undefined> {
    const [value] = await this.records.get(COLLECTION, [ref]);
    return value === undefined ? undefined : this.open(ref, value);
  }

  remove(ref: string): Promise<void> {
    return this.records.remove(COLLECTION, [ref]);
  }

  /** The contexts among records of all kinds; one that cannot be opened any more is left out. */
  among(records: readonly StoredRecord[]): readonly RequestContext[] {
    return records.flatMap(({ collection, key, value }) => {
      if (collection !== COLLECTION) return [];
      try {
        return [this.open(key, value).context];
      } catch {
        // Sealed with a key that is gone: nobody can read it, and so it tells nobody anything.
        return [];
      }
    });
  }

  private open(ref: string, value: string): KeptContext {
    return JSON.parse(this.vault.openText(value, placeOf(ref))) as KeptContext;
  }
}

function placeOf(ref: string): string {
  return `${COLLECTION}:${ref}`;
}
