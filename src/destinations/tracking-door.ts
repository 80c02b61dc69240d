import type { TrackOptions, TrackReceipt } from '../events/receipt';
import type { EventName } from '../events/tracking-event';

/** The door that every event goes through, as the services of single destinations see it. */
export interface TrackingDoor {
  /**
   * Runs the whole line for one destination alone. Never rejects.
   *
   * @param name the event's; `undefined` where the input carries it.
   */
  trackFor(
    destination: string,
    name: EventName | undefined,
    input: unknown,
    options?: TrackOptions,
  ): Promise<TrackReceipt>;
  /** Whether the destination has its credentials. */
  isEnabled(destination: string): boolean;
}
