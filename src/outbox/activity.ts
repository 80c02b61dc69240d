import type { OutboxEntry } from './outbox';
import type { OverflowPolicy } from './outbox-settings';

/** What happened to one entry, or to a lane. Holds no content of any event. */
export type TrackingActivity =
  | EntryActivity<'accepted'>
  | EntryActivity<'duplicate'>
  /** Not stored, so not accepted. */
  | (EntryActivity<'refused'> & { readonly reason: string })
  /** `delayMs`: from acceptance to the platform's answer. */
  | (EntryActivity<'delivered'> & { readonly delayMs: number; readonly attempts: number })
  | (EntryActivity<'retried'> & {
      readonly reason: string;
      readonly attempts: number;
      readonly retryInMs: number;
    })
  | (EntryActivity<'dead-lettered'> & { readonly reason: string; readonly attempts: number })
  | (EntryActivity<'expired'> & { readonly reason: string })
  /** It was accepted, and made room for another or was not to be sent any more. */
  | (EntryActivity<'dropped'> & { readonly reason: string })
  /** The lane hands nothing over for a while: a refused token, an outage, a throttled account. */
  | {
      readonly kind: 'paused';
      readonly destination: string;
      readonly reason: string;
      readonly forMs: number;
    }
  | { readonly kind: 'resumed'; readonly destination: string };

interface EntryActivity<Kind extends string> {
  readonly kind: Kind;
  readonly destination: string;
  readonly eventId: string;
  readonly eventName: string;
}

export type ActivityListener = (activity: TrackingActivity) => void;

/** Tells whoever listens. A listener that throws harms nobody. */
export class ActivityStream {
  private readonly listeners = new Set<ActivityListener>();

  /** Whether telling is worth the trouble of saying it. */
  get isHeard(): boolean {
    return this.listeners.size > 0;
  }

  /** @returns takes the listener away. */
  subscribe(listener: ActivityListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Hears of each entry that made room for another, with whom it was about. Must not throw. */
  onEvicted: ((entry: OutboxEntry, reason: string) => void) | undefined;

  /** @returns why it had to go, as everybody is told. */
  evicted(entry: OutboxEntry, policy: OverflowPolicy): string {
    const { destination, eventId, eventName } = entry;
    const reason = `the outbox is full (${policy})`;
    this.tell({ kind: 'dropped', destination, eventId, eventName, reason });
    this.onEvicted?.(entry, reason);
    return reason;
  }

  tell(activity: TrackingActivity): void {
    for (const listener of this.listeners) {
      try {
        listener(activity);
      } catch {
        // The listener is the host's, and so is its fault; the line goes on.
      }
    }
  }
}
