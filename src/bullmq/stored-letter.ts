import { wireBytes as bytesOfWire } from '../events/packed-wire';
import { storedBytes } from '../outbox/entry-bytes';
import type { DeadLetter, OutboxEntry } from '../outbox/outbox';
import { openWire, sealWire } from '../outbox/sealed-wire';
import type { Vault } from '../records/vault';
import type { StoredEntry } from './group';

/** A dead letter on its way to the server; `sealed`: what is there already and nobody could open. */
export type Buried = DeadLetter & { readonly sealed?: string | undefined };

/** A dead letter as it lies on the server: everything but what the platform would have read can be seen. */
export interface StoredLetter extends Omit<DeadLetter, 'entry'> {
  /** Without its wire event, except in letters of before they were sealed. */
  readonly entry: Omit<OutboxEntry, 'wire'> & Partial<Pick<OutboxEntry, 'wire'>>;
  readonly sealed?: string;
  readonly wireBytes?: number;
}

/** Dead letters as text, each with its wire event sealed by itself. */
export class LetterCodec {
  constructor(private readonly vault: Vault) {}

  encode({ entry, reason, attempts, atMs, sealed }: Buried): string {
    const { wire, ...rest } = entry;
    const letter: StoredLetter = {
      entry: rest,
      reason,
      attempts,
      atMs,
      sealed: sealed ?? sealWire(this.vault, entry.key, wire).toString('base64'),
      wireBytes: bytesOfWire(wire),
    };
    return JSON.stringify(letter);
  }

  read(text: string): StoredLetter {
    return JSON.parse(text) as StoredLetter;
  }

  open({ entry, reason, attempts, atMs, sealed }: StoredLetter): DeadLetter {
    const facts = { reason, attempts, atMs };
    if (entry.wire !== undefined) return { ...facts, entry: { ...entry, wire: entry.wire } };
    try {
      const wire = openWire(this.vault, entry.key, Buffer.from(sealed ?? '', 'base64'));
      return { ...facts, entry: { ...entry, wire } };
    } catch {
      // Without its key, or damaged: the letter says so.
      return { ...facts, isSealed: true, entry: { ...entry, wire: { body: '', envelope: '' } } };
    }
  }

  /** To be tried again; it is not opened. @throws Error where a letter of before would be sealed for nobody. */
  entryOf({ entry, sealed, wireBytes = 0 }: StoredLetter): StoredEntry {
    const { wire } = entry;
    if (wire !== undefined && this.vault.isEphemeral)
      throw new Error(
        'dead letters of an older version are sealed by a redrive: set TRACKING_ENCRYPTION_KEY',
      );
    return {
      ...entry,
      wire: wire ?? { body: '', envelope: '' },
      attempts: 0,
      dueMs: 0,
      sealed,
      bytes: storedBytes(entry, wire === undefined ? wireBytes : bytesOfWire(wire)),
    };
  }
}
