import { randomBytes } from 'node:crypto';

import type { AuditLine, KnownWho } from './audit-line';
import type { AuditHead } from './audit-log';
import type { AuditFact, LogKind } from './audit-record';
import { detailsOf, eventIdOf, subjectsOf } from './fact-details';
import { commitmentOf, type Seal } from './seal';

const WRITER_BYTES = 12;
const NONCE_BYTES = 16;
const NONCES_AT_ONCE = 128;

/** What the log says of itself. */
export interface LogNote {
  readonly kind: LogKind;
  readonly about: object;
}

/** The chain of one run of one process: turns facts into lines, each bound to the one before. */
export class ChainWriter {
  readonly writer = randomBytes(WRITER_BYTES).toString('base64url');
  private seq = 0;
  private prev = '';
  private nonces = Buffer.alloc(0);
  private nextNonceAt = 0;

  constructor(private readonly seal: Seal) {}

  get hasBegun(): boolean {
    return this.seq > 0;
  }

  get head(): AuditHead {
    return { writer: this.writer, seq: this.seq, hash: this.prev };
  }

  fact(fact: AuditFact, nowMs: number): AuditLine {
    const who = subjectsOf(fact).map((subject) => ({ subject, nonce: this.nonce() }));
    // A time that is still to come would keep all behind it from ever being purged.
    const atMs = Number.isFinite(fact.atMs)
      ? Math.min(Math.max(0, Math.trunc(fact.atMs)), nowMs)
      : nowMs;
    return this.next(atMs, fact.kind, eventIdOf(fact), detailsOf(fact), who);
  }

  note({ kind, about }: LogNote, nowMs: number): AuditLine {
    return this.next(nowMs, kind, '', JSON.stringify(about), []);
  }

  private next(
    atMs: number,
    kind: string,
    eventId: string,
    details: string,
    who: readonly KnownWho[],
  ): AuditLine {
    this.seq += 1;
    const line = {
      writer: this.writer,
      seq: this.seq,
      atMs,
      kind,
      eventId,
      details,
      commitments: who.map(({ subject, nonce }) => commitmentOf(subject, nonce)),
      prev: this.prev,
    };
    this.prev = this.seal.hashOf(line);
    return { ...line, hash: this.prev, who };
  }

  /** Random bytes are cheaper by the hundred. */
  private nonce(): string {
    if (this.nextNonceAt >= this.nonces.length) {
      this.nonces = randomBytes(NONCE_BYTES * NONCES_AT_ONCE);
      this.nextNonceAt = 0;
    }
    const nonce = this.nonces.subarray(this.nextNonceAt, this.nextNonceAt + NONCE_BYTES);
    this.nextNonceAt += NONCE_BYTES;
    return nonce.toString('base64url');
  }
}
