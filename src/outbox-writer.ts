import type { LoggerService } from '@nestjs/common';

import { errorName } from './events/problem';
import type { DestinationReceipt, TrackOptions } from './events/receipt';
import type { ActivityStream } from './outbox/activity';
import { awaitSettlement, type AwaitedSettlement } from './outbox/await-settlement';
import type { AppendResult, Outbox, OutboxEntry } from './outbox/outbox';
import { unavailable } from './outbox/refusals';

export interface OutboxWriterParts {
  readonly outbox: Outbox;
  /** What a serverless platform calls with work that it should wait for, if options say nothing else. */
  readonly waitUntil: TrackOptions['waitUntil'];
  readonly activity: ActivityStream;
  readonly logger: LoggerService;
}

const DEFAULT_SETTLE_TIMEOUT_MS = 30_000;

/** Hands entries over to the outbox, and says in the receipt what it took. */
export class OutboxWriter {
  constructor(private readonly parts: OutboxWriterParts) {}

  /**
   * Resolves when the entries are stored.
   *
   * @param receipts is told what became of each.
   * @returns what to wait for beyond that, if the options say so.
   */
  async store(
    entries: readonly OutboxEntry[],
    receipts: Record<string, DestinationReceipt>,
    options: TrackOptions | undefined,
  ): Promise<{ readonly settled: Promise<unknown> } | undefined> {
    if (entries.length === 0) return undefined;
    const { activity } = this.parts;
    const waitUntil = options?.waitUntil ?? this.parts.waitUntil;
    const isWaiting = options?.until === 'settled' || waitUntil !== undefined;
    // Registered before storing, because a fast lane could settle before the call returns.
    const awaited = isWaiting ? this.awaitAll(entries, options) : [];
    let results: readonly AppendResult[];
    try {
      results = await this.parts.outbox.append(entries);
    } catch (error) {
      const refusal = unavailable(errorName(error));
      results = entries.map(() => refusal);
    }
    const waiting: Promise<void>[] = [];
    for (let index = 0; index < entries.length; index += 1) {
      const entry = entries[index] as OutboxEntry;
      const { destination } = entry;
      const result = results[index];
      if (result?.kind === 'duplicate') receipts[destination] = { kind: 'duplicate' };
      if (result?.kind === 'refused')
        receipts[destination] = { kind: 'rejected', problems: [result.problem] };
      if (activity.isHeard) this.tell(entry, result);
      const settlement = awaited[index];
      if (result?.kind !== 'stored') settlement?.cancel();
      else if (settlement !== undefined)
        waiting.push(
          settlement.outcome.then((outcome) => {
            if (options?.until === 'settled') receipts[destination] = outcome;
          }),
        );
    }
    if (waiting.length === 0) return undefined;
    const settled = Promise.all(waiting);
    if (options?.until === 'settled') return { settled };
    this.handOn(settled, waitUntil);
    return undefined;
  }

  private awaitAll(
    entries: readonly OutboxEntry[],
    options: TrackOptions | undefined,
  ): readonly AwaitedSettlement[] {
    const timeoutMs = options?.timeoutMs ?? DEFAULT_SETTLE_TIMEOUT_MS;
    return entries.map(({ key }) => awaitSettlement(this.parts.outbox, key, timeoutMs));
  }

  /** The platform keeps the function alive until then; if it cannot, the event is stored all the same. */
  private handOn(settled: Promise<unknown>, waitUntil: TrackOptions['waitUntil']): void {
    const complain = (error: unknown) => {
      this.parts.logger.warn(`tracking: waitUntil failed: ${errorName(error)}`);
    };
    try {
      // What is typed to return nothing may be an async function all the same.
      Promise.resolve(waitUntil?.(settled)).catch(complain);
    } catch (error) {
      complain(error);
    }
  }

  private tell(entry: OutboxEntry, result: AppendResult | undefined): void {
    const { destination, eventId, eventName } = entry;
    const event = { destination, eventId, eventName };
    const { activity } = this.parts;
    if (result?.kind === 'stored') activity.tell({ kind: 'accepted', ...event });
    if (result?.kind === 'duplicate') activity.tell({ kind: 'duplicate', ...event });
    if (result?.kind === 'refused')
      activity.tell({ kind: 'refused', ...event, reason: result.problem.message });
  }
}
