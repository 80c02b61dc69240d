import { Inject, Injectable } from '@nestjs/common';

import { checkedQuery } from './outbox/dead-letter-query';
import type { DeadLetter, DeadLetterQuery } from './outbox/outbox';
import type { TrackingParts } from './server-tracking.service';
import { TRACKING_PARTS } from './tracking.tokens';

/**
 * A dead letter, with what a person asks first beside its entry. The entry's `wire` is what the platform
 * would have read: hashed user data, and IP address and user agent as they were. Show it to nobody who
 * may not see those.
 */
export interface ListedDeadLetter extends DeadLetter {
  readonly destination: string;
  readonly eventName: string;
  readonly eventId: string;
}

/**
 * Entries that were given up: a platform refused them, or they could not be delivered for too long. Kept
 * for 30 days (`delivery.deadLetterTtlMs`), in memory the last 10,000 of each destination.
 *
 * Every method rejects where the storage is out of reach. A query's conditions hold together; one that
 * is left out or `undefined` does not matter, so an empty query means all of them. One that does not exist or
 * is of another type rejects with a `TypeError`, before anything is done.
 */
@Injectable()
export class DeadLetterService {
  constructor(@Inject(TRACKING_PARTS) private readonly parts: Pick<TrackingParts, 'outbox'>) {}

  /** The oldest first; at most 100, unless `limit` says how many. */
  async list(query?: DeadLetterQuery): Promise<readonly ListedDeadLetter[]> {
    const letters = await this.parts.outbox.deadLetters(checkedQuery(query));
    return letters.map((letter) => ({
      destination: letter.entry.destination,
      eventName: letter.entry.eventName,
      eventId: letter.entry.eventId,
      ...letter,
    }));
  }

  /**
   * Puts them back: pending again, with no attempts made, the same bytes, ID and time. One that the
   * platform has refused for what it holds will be refused again. The oldest first; without `limit` all.
   *
   * @returns how many.
   */
  async redrive(query?: DeadLetterQuery): Promise<number> {
    return this.parts.outbox.redrive(checkedQuery(query));
  }

  /**
   * Throws them away for good. The oldest first; without `limit` all.
   *
   * @returns how many.
   */
  async purge(query?: DeadLetterQuery): Promise<number> {
    return this.parts.outbox.purgeDeadLetters(checkedQuery(query));
  }
}
