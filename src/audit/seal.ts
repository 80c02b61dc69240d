import { hash } from 'node:crypto';

import { KeyedHash } from '../records/keyed-hash';
import type { AuditLine, PurgeMark, Who, WhoPlace } from './audit-line';

const MIN_KEY_BYTES = 16;
/** Characters of a nonce and of the mark that takes its place. */
export const NONCE_CHARS = 22;

/** The keyed hashes of the log: who has not the key can make none of them. */
export class Seal {
  private readonly keys: readonly KeyedHash[];

  /** @param formerKeys seal nothing any more, and still prove what was sealed with them. */
  constructor(key: Uint8Array, formerKeys: readonly Uint8Array[] = []) {
    this.keys = [key, ...formerKeys].map((bytes) => {
      if (bytes.length < MIN_KEY_BYTES)
        throw new Error(`audit: a key has at least ${MIN_KEY_BYTES} bytes`);
      return new KeyedHash(bytes);
    });
  }

  hashOf(line: Omit<AuditLine, 'hash' | 'who'>): string {
    return this.current(textOfLine(line));
  }

  isHashOf(line: AuditLine): boolean {
    return this.isOurs(line.hash, textOfLine(line));
  }

  cutOf(place: WhoPlace): string {
    return this.current(textOfCut(place)).slice(0, NONCE_CHARS);
  }

  markOf(mark: Omit<PurgeMark, 'mac'>): PurgeMark {
    return { ...mark, mac: this.current(textOfMark(mark)) };
  }

  isMark(mark: PurgeMark): boolean {
    return this.isOurs(mark.mac, textOfMark(mark));
  }

  /** Whether it is the one that the line was written for, or was forgotten by us. */
  isWho(who: Who, commitment: string | undefined, place: WhoPlace): boolean {
    return 'cut' in who
      ? this.isOurs(who.cut, textOfCut(place), NONCE_CHARS)
      : commitmentOf(who.subject, who.nonce) === commitment;
  }

  private isOurs(given: string, text: string, length?: number): boolean {
    return this.keys.some((key) => key.of(text).slice(0, length) === given);
  }

  private current(text: string): string {
    return (this.keys[0] as KeyedHash).of(text);
  }
}

export function commitmentOf(subject: string, nonce: string): string {
  return hash('sha256', `${nonce}|${subject}`, 'base64url');
}

function textOfLine(line: Omit<AuditLine, 'hash' | 'who'>): string {
  const { writer, seq, prev, atMs, kind, eventId, details, commitments } = line;
  return JSON.stringify(['line', writer, seq, prev, atMs, kind, eventId, details, commitments]);
}

function textOfCut({ writer, seq, place }: WhoPlace): string {
  return JSON.stringify(['cut', writer, seq, place]);
}

function textOfMark({ writer, seq, hash, atMs }: Omit<PurgeMark, 'mac'>): string {
  return JSON.stringify(['mark', writer, seq, hash, atMs]);
}
