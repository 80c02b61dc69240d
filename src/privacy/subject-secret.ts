import { randomBytes } from 'node:crypto';

import type { RecordStore } from '../records/record-store';
import type { Vault } from '../records/vault';
import { Subjects } from './subjects';

const COLLECTION = 'secrets';
const KEY = 'subjects';
const PLACE = `${COLLECTION}:${KEY}`;

/**
 * The names of people under the secret that a storage's processes share. Whoever comes first makes it; it
 * lies in the storage, sealed, so that a change of the encryption key changes no name.
 */
export class SharedSubjects {
  private loaded: Subjects | undefined;
  private loading: Promise<Subjects> | undefined;

  constructor(
    private readonly records: RecordStore,
    private readonly vault: Vault,
  ) {}

  /** At once when it is known. Rejects when the storage is out of reach: the next call tries again. */
  get(): Subjects | Promise<Subjects> {
    if (this.loaded !== undefined) return this.loaded;
    this.loading ??= this.load().finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  private async load(): Promise<Subjects> {
    const mine = this.vault.sealText(randomBytes(32).toString('base64'), PLACE);
    const kept = await this.records.putIfAbsent(this.record(mine));
    const secret = this.vault.openText(kept, PLACE);
    // After a change of keys the old one is needed no longer than until everything is sealed anew.
    if (!this.vault.isNewest(kept))
      await this.records.put([this.record(this.vault.sealText(secret, PLACE))]);
    this.loaded = new Subjects(Buffer.from(secret, 'base64'));
    return this.loaded;
  }

  private record(value: string) {
    return { collection: COLLECTION, key: KEY, value, subjects: [], expiresAtMs: Infinity };
  }
}
