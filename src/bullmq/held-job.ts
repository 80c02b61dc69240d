import { noCounts, type LaneCounts } from '../outbox/lane-counts';
import type { LeasedEntry, OutboxEntry } from '../outbox/outbox';
import type { Priority } from '../outbox/priority';
import type { WireEvent } from '../events/wire-event';
import { entryBytes } from '../outbox/entry-bytes';
import type { WirePackers } from '../outbox/wire-packers';
import type { Fault, GroupEntry, StoredEntry } from './group';
import { LOCK_MS, type JobHold, type JobStep, type Report, type TakenJob } from './group-store';
import type { Buried } from './stored-letter';

/** An entry of a held job. To those who are handed it, it is an entry like any other. */
export class HeldEntry implements LeasedEntry {
  readonly key: string;
  readonly destination: string;
  readonly eventId: string;
  readonly eventName: string;
  readonly occurredAtMs: number;
  readonly acceptedAtMs: number;
  readonly priority: Priority;
  readonly subjects: readonly string[] | undefined;
  readonly consentAtMs: number | undefined;
  readonly wire: WireEvent;
  attempts: number;
  readonly #job: HeldJob;
  readonly #bytes: number;
  readonly #fault: Fault | undefined;
  readonly #sealed: string | undefined;
  #dueMs: number;

  constructor(entry: GroupEntry, job: HeldJob, wire: WireEvent) {
    this.key = entry.key;
    this.destination = entry.destination;
    this.eventId = entry.eventId;
    this.eventName = entry.eventName;
    this.occurredAtMs = entry.occurredAtMs;
    this.acceptedAtMs = entry.acceptedAtMs;
    this.priority = entry.priority;
    this.subjects = entry.subjects;
    this.consentAtMs = entry.consentAtMs;
    this.wire = wire;
    this.attempts = entry.attempts ?? 0;
    this.#job = job;
    // Not the entry itself: its texts would stay beside what is packed.
    this.#bytes = entry.bytes ?? entryBytes(entry);
    this.#fault = entry.fault;
    this.#sealed = entry.sealed;
    this.#dueMs = entry.dueMs ?? 0;
  }

  static jobOf(entry: LeasedEntry): HeldJob {
    if (#job in entry) return entry.#job;
    throw new Error('outbox: an entry of another outbox');
  }

  static dueMsOf(entry: HeldEntry): number {
    return entry.#dueMs;
  }

  static bytesOf(entry: HeldEntry): number {
    return entry.#bytes;
  }

  static faultOf(entry: HeldEntry): Fault | undefined {
    return entry.#fault;
  }

  /** What nobody could open. */
  static sealedOf(entry: HeldEntry): string | undefined {
    return entry.#sealed;
  }

  static retryAt(entry: HeldEntry, dueMs: number): void {
    entry.attempts += 1;
    entry.#dueMs = dueMs;
  }

  static plain(entry: HeldEntry): OutboxEntry {
    return {
      key: entry.key,
      destination: entry.destination,
      eventId: entry.eventId,
      eventName: entry.eventName,
      occurredAtMs: entry.occurredAtMs,
      acceptedAtMs: entry.acceptedAtMs,
      priority: entry.priority,
      subjects: entry.subjects,
      consentAtMs: entry.consentAtMs,
      wire: entry.wire,
    };
  }

  static stored(entry: HeldEntry): StoredEntry {
    const sealed = entry.#sealed;
    const { attempts } = entry;
    const bytes = HeldEntry.bytesOf(entry);
    return { ...HeldEntry.plain(entry), attempts, dueMs: entry.#dueMs, bytes, sealed };
  }
}

/** A job that this process holds: which of its entries have not ended, and what the server is yet to hear. */
export class HeldJob {
  readonly taken: JobHold;
  /** Neither ended nor forgotten. */
  readonly open: ReadonlySet<HeldEntry>;
  /** Another process may have it: nothing of it is written or handed over any more. */
  isLost = false;
  /** A report of a part is due after a while. */
  isReportDue = false;
  /** One report follows another, so that a later one is never overtaken. */
  writing: Promise<void> = Promise.resolve();
  /** By the real time, as the server counts it. */
  lockedUntilMs: number;
  private readonly left: Set<HeldEntry>;
  /** Those that wait on the server for a far retry. */
  private readonly postponed = new Set<HeldEntry>();
  private counts: LaneCounts = noCounts();
  private dead: Buried[] = [];
  private freedBytes = 0;
  private hasNews = false;

  constructor({ id, token, entries }: TakenJob, takenAtMs: number, packers: WirePackers) {
    this.taken = { id, token };
    this.lockedUntilMs = takenAtMs + LOCK_MS;
    this.left = new Set(entries.map((entry) => new HeldEntry(entry, this, packers.pack(entry))));
    this.open = this.left;
  }

  /** Nothing of it is in this process' hands: it can be completed or put off. */
  get isDone(): boolean {
    return this.left.size === this.postponed.size;
  }

  /** Those that wait for a far retry. */
  get waiting(): ReadonlySet<HeldEntry> {
    return this.postponed;
  }

  get hasReport(): boolean {
    return this.hasNews;
  }

  end(entry: HeldEntry, how: 'delivered' | 'deadLettered' | 'expired' | 'dropped'): void {
    if (!this.left.delete(entry)) return;
    this.postponed.delete(entry);
    this.counts[how] += 1;
    this.freedBytes += HeldEntry.bytesOf(entry);
    this.hasNews = true;
  }

  bury(entry: HeldEntry, letter: Buried): void {
    this.end(entry, 'deadLettered');
    this.dead.push(letter);
  }

  countRetry(): void {
    this.counts.retries += 1;
    this.hasNews = true;
  }

  postpone(entry: HeldEntry): void {
    this.postponed.add(entry);
  }

  /** What the server is to hear now; taken back with `untell` when it did not. */
  tell(nowMs: number, isGivenBack: boolean): Report {
    const report = {
      counts: this.counts,
      dead: this.dead,
      freedBytes: this.freedBytes,
      next: this.nextStep(nowMs, isGivenBack),
    };
    this.counts = noCounts();
    this.dead = [];
    this.freedBytes = 0;
    this.hasNews = false;
    return report;
  }

  untell({ counts, dead, freedBytes }: Report): void {
    for (const name of Object.keys(counts) as (keyof LaneCounts)[])
      this.counts[name] += counts[name] ?? 0;
    this.dead = [...dead, ...this.dead];
    this.freedBytes += freedBytes;
    this.hasNews = true;
  }

  private nextStep(nowMs: number, isGivenBack: boolean): JobStep {
    if (this.left.size === 0) return { kind: 'complete' };
    const left = [...this.left].map((entry) => HeldEntry.stored(entry));
    if (!this.isDone && !isGivenBack) return { kind: 'keep', left };
    const delayMs = Math.min(...[...this.left].map((entry) => HeldEntry.dueMsOf(entry))) - nowMs;
    return delayMs > 0 ? { kind: 'delay', left, delayMs } : { kind: 'give-back', left };
  }
}
