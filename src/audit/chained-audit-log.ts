import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock } from '../clock';
import type { AuditHead, AuditLog, AuditQuery, AuditVerification, HeadStore } from './audit-log';
import { entryOf } from './audit-entry';
import type { AuditLine } from './audit-line';
import { AUDIT_KINDS, type AuditEntry, type AuditFact } from './audit-record';
import { ChainCheck } from './chain-check';
import { ChainWriter } from './chain-writer';
import { storedEventId } from './fact-details';
import { FactBuffer, MAX_BUFFERED, type Recorded } from './fact-buffer';
import { endsAreOurs } from './key-check';
import type { LineStore } from './line-store';
import type { Seal } from './seal';

const GROUP_AFTER_MS = 100;
/** Hashing and storing so many takes the host's thread for some five milliseconds. */
const GROUP_FACTS = 100;
const GROUP_AT_ONCE = 500;
const RETRY_AFTER_MS = 1_000;
const HEAD_EVERY_MS = 1_000;
const QUIET_MS = 60_000;
const CLOSE_WITHIN_MS = 5_000;
const DAY_MS = 24 * 3_600_000;
const DEFAULT_LIMIT = 1_000;
/** Ends of other chains that a chain takes note of: those that were written to last. */
const MAX_WITNESSED = 32;

const ANOTHER_KEY =
  'its last lines do not verify with the key at hand: they were written with another encryptionKey, or altered. Put that key behind the new one, and run: nestjs-server-tracking audit verify';

export interface AuditLogTools {
  readonly clock: Clock;
  readonly logger: { warn(message: string): void; error(message: string): void };
  readonly heads?: HeadStore;
  /** Lines that are older are removed once a day. */
  readonly retentionDays: number;
}

/** The log as a chain of its own for this process, in groups, over any store of lines. */
export class ChainedAuditLog implements AuditLog {
  private readonly buffer = new FactBuffer();
  private readonly chain: ChainWriter;
  /** Hashed, and perhaps stored already: goes again as it is until the store has said so. */
  private sealed: readonly AuditLine[] = [];
  private head: AuditHead | undefined;
  private headSavedAtMs = -Infinity;
  private writing: Promise<void> | undefined;
  private stopTimer: (() => void) | undefined;
  private stopHeadTimer: (() => void) | undefined;
  /** Facts of the buffer that the write which is on its way takes along. */
  private goal = 0;
  private stopDaily: (() => void) | undefined;
  private tending: Promise<unknown> = Promise.resolve();
  private readonly toldAtMs = new Map<string, number>();
  private isClosed = false;
  private trouble: string | undefined;

  constructor(
    private readonly store: LineStore,
    private readonly seal: Seal,
    private readonly tools: AuditLogTools,
  ) {
    this.chain = new ChainWriter(seal);
  }

  get description(): string {
    return this.store.description;
  }

  get failing(): string | undefined {
    return this.trouble;
  }

  /** Says in the log where the last lines were written with another key. */
  checkKey(): void {
    this.tending = endsAreOurs(this.store, this.seal, this.chain.writer).then(
      (areOurs) => {
        if (!areOurs) this.tools.logger.warn(`audit ${this.description}: ${ANOTHER_KEY}`);
      },
      (error: unknown) => this.complain('its last lines could not be looked at', error),
    );
  }

  /** Begins to remove what is too old: now and once a day. */
  keepRetention(): void {
    const daily = (): void => {
      this.stopDaily = this.tools.clock.after(DAY_MS, () => {
        if (this.chain.hasBegun) this.add({ kind: 'log-witnessed', about: {} });
        daily();
      });
      const { clock, retentionDays } = this.tools;
      const beforeMs = clock.now() - retentionDays * DAY_MS;
      this.tending = this.tending
        .then(() => this.purgeBefore(beforeMs))
        .catch((error: unknown) => {
          this.complain('old lines could not be removed', error);
        });
    };
    daily();
  }

  record(fact: AuditFact): void {
    this.add(fact);
  }

  async flush(): Promise<void> {
    await this.write();
    // A write that was about to end has not seen what came last.
    if (!this.buffer.isEmpty) await this.write();
    await this.saveHead();
  }

  async query(query: AuditQuery): Promise<readonly AuditEntry[]> {
    await this.flushed();
    const { kinds = AUDIT_KINDS, limit = DEFAULT_LIMIT, eventId } = query;
    const lines = await this.store.find({
      ...query,
      kinds,
      limit,
      eventId: eventId === undefined ? undefined : storedEventId(eventId),
    });
    return lines.map(entryOf);
  }

  async forget(subjects: readonly string[]): Promise<number> {
    if (subjects.length === 0) return 0;
    await this.flushed();
    return this.store.cut(subjects, (place) => this.seal.cutOf(place));
  }

  async verify(): Promise<AuditVerification> {
    await this.flushed();
    const heads = (await this.tools.heads?.load()) ?? [];
    const check = new ChainCheck(this.seal);
    for await (const line of this.store.read()) check.add(line);
    return check.result(await this.store.marks(), heads, await this.store.ends());
  }

  async purgeBefore(unixMs: number): Promise<number> {
    const nowMs = this.tools.clock.now();
    const beforeMs = Math.min(unixMs, nowMs);
    const removed = await this.store.purge(beforeMs, (end) =>
      this.seal.markOf({ writer: end.writer, seq: end.seq, hash: end.hash, atMs: nowMs }),
    );
    await this.dropMarks(beforeMs);
    return removed;
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    if (this.chain.hasBegun || !this.buffer.isEmpty) this.add({ kind: 'log-closed', about: {} });
    this.isClosed = true;
    this.stopDaily?.();
    this.stopTimer?.();
    this.stopHeadTimer?.();
    await this.within(CLOSE_WITHIN_MS, this.flush()).catch((error: unknown) => {
      const count = this.buffer.size + this.sealed.length;
      this.complain(`closed with ${count} lines that were not written`, error, true);
    });
    const closed = this.tending.then(() => this.store.close());
    await this.within(CLOSE_WITHIN_MS, closed).catch(() => undefined);
  }

  private add(recorded: Recorded): void {
    if (this.isClosed) return;
    const { clock } = this.tools;
    if (!this.buffer.add(recorded, clock.now())) {
      this.complain(`${MAX_BUFFERED} facts wait to be written; further ones are lost and counted`);
      return;
    }
    if (this.buffer.size === GROUP_AT_ONCE && this.writing === undefined) this.writeNow();
    else this.stopTimer ??= clock.after(GROUP_AFTER_MS, () => this.writeNow());
  }

  private writeNow(): void {
    this.stopTimer?.();
    this.stopTimer = undefined;
    this.write()
      .then(() => this.saveHeadSoon())
      .catch((error: unknown) => {
        this.complain('lines could not be written; they are kept and tried again', error);
        if (!this.isClosed)
          this.stopTimer ??= this.tools.clock.after(RETRY_AFTER_MS, () => this.writeNow());
      });
  }

  /** What cannot be written now must not keep anybody from what was written before. */
  private async flushed(): Promise<void> {
    await this.flush().catch((error: unknown) => {
      this.complain('lines could not be written; they are kept and tried again', error);
    });
  }

  /** Writes what is there now: what comes meanwhile waits for company again. */
  private write(): Promise<void> {
    this.goal = this.buffer.size;
    this.writing ??= this.writeAll()
      .then(
        () => {
          this.trouble = undefined;
        },
        (error: unknown) => {
          this.trouble = `lines cannot be written: ${reasonOf(error)}`;
          throw error;
        },
      )
      .finally(() => (this.writing = undefined));
    return this.writing;
  }

  private async writeAll(): Promise<void> {
    while (this.sealed.length > 0 || this.goal > 0 || this.buffer.owesOnlyLoss) {
      if (this.sealed.length === 0) this.sealed = await this.nextGroup();
      await this.store.append(this.sealed);
      const last = this.sealed[this.sealed.length - 1];
      if (last !== undefined) this.head = { writer: last.writer, seq: last.seq, hash: last.hash };
      this.sealed = [];
      // Requests that wait come first.
      await nextTurn();
    }
  }

  private async nextGroup(): Promise<readonly AuditLine[]> {
    // Asked for before anything is taken out: when the store is away, everything stays where it is.
    const opening = this.chain.hasBegun ? [] : [await this.heads('log-opened')];
    const before = this.buffer.size;
    const taken = this.buffer.take(GROUP_FACTS);
    this.goal -= before - this.buffer.size;
    const witnessed = taken.some(({ kind }) => kind === 'log-witnessed')
      ? await this.heads('log-witnessed').catch(() => undefined)
      : undefined;
    const nowMs = this.tools.clock.now();
    return [...opening, ...taken].flatMap((recorded) => {
      if (!('about' in recorded)) return this.lineOf(recorded, nowMs);
      const isWitness = recorded.kind === 'log-witnessed' && witnessed !== undefined;
      return this.chain.note(isWitness ? witnessed : recorded, nowMs);
    });
  }

  /** What is no fact, whatever its type said, must not hold up the others. */
  private lineOf(fact: AuditFact, nowMs: number): AuditLine | [] {
    try {
      return this.chain.fact(fact, nowMs);
    } catch (error) {
      this.complain('something was recorded that is no fact, and was left out', error);
      return [];
    }
  }

  /** How far other chains go: whoever takes lines from their ends has to change this chain too. */
  private async heads(kind: 'log-opened' | 'log-witnessed') {
    const others = (await this.store.ends())
      .filter(({ writer }) => writer !== this.chain.writer)
      .sort((a, b) => b.atMs - a.atMs)
      .slice(0, MAX_WITNESSED);
    return {
      kind,
      about: { heads: Object.fromEntries(others.map(({ writer, seq }) => [writer, seq])) },
    };
  }

  /** About once a second while lines are written, and once more when they are not. */
  private saveHeadSoon(): void {
    if (this.tools.heads === undefined || this.head === undefined || this.isClosed) return;
    const { clock } = this.tools;
    const restMs = this.headSavedAtMs + HEAD_EVERY_MS - clock.now();
    this.stopHeadTimer ??= clock.after(Math.max(restMs, 0), () => {
      this.stopHeadTimer = undefined;
      void this.saveHead();
    });
  }

  private async saveHead(): Promise<void> {
    const { heads, clock } = this.tools;
    const { head } = this;
    if (heads === undefined || head === undefined) return;
    this.headSavedAtMs = clock.now();
    try {
      await heads.save(head);
      if (this.head === head) this.head = undefined;
    } catch (error) {
      this.complain('the end of the chain could not be kept elsewhere', error);
    }
  }

  /** Of chains that are gone as a whole, as soon as nothing that is left can speak of them. */
  private async dropMarks(beforeMs: number): Promise<void> {
    const present = new Set((await this.store.ends()).map(({ writer }) => writer));
    const gone = (await this.store.marks())
      .filter(({ writer, atMs }) => atMs < beforeMs - 2 * DAY_MS && !present.has(writer))
      .map(({ writer }) => writer)
      // It may be asleep.
      .filter((writer) => writer !== this.chain.writer);
    if (gone.length === 0) return;
    await this.tools.heads?.remove(gone);
    await this.store.removeMarks(gone);
  }

  private within(timeMs: number, work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = this.tools.clock.after(timeMs, () => {
        reject(new Error(`took longer than ${timeMs} ms`));
      });
      work.then(resolve, reject).finally(stop);
    });
  }

  /** Each kind of trouble at most once a minute. */
  private complain(what: string, error?: unknown, isLast = false): void {
    const nowMs = this.tools.clock.now();
    if (!isLast && nowMs - (this.toldAtMs.get(what) ?? -Infinity) < QUIET_MS) return;
    this.toldAtMs.set(what, nowMs);
    const why = error === undefined ? '' : `: ${reasonOf(error)}`;
    this.tools.logger.error(`audit ${this.description}: ${what}${why}`);
  }
}

/** In one short line, without what a driver may repeat of a URL. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : 'unknown fault';
  return text
    .replace(/\/\/[^/@\s]*@/g, '//')
    .split('\n', 1)
    .join('')
    .slice(0, 200);
}
