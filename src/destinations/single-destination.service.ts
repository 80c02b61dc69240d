import type { TrackOptions, TrackReceipt } from '../events/receipt';
import type { EventName, InputOf, TrackingEvent } from '../events/tracking-event';
import type { TrackingDoor } from './tracking-door';

/** The same line, limited to one destination. The services of the destinations extend it and stay thin. */
export abstract class SingleDestinationService {
  protected constructor(
    private readonly door: TrackingDoor,
    private readonly destination: string,
  ) {}

  /** Whether this destination has its credentials. */
  isEnabled(): boolean {
    return this.door.isEnabled(this.destination);
  }

  /** Never rejects: what is wrong is in the receipt. */
  trackRegistration(input: InputOf<'sign_up'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.send('sign_up', input, options);
  }

  /** Never rejects: what is wrong is in the receipt. */
  trackPurchase(input: InputOf<'purchase'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.send('purchase', input, options);
  }

  /** Never rejects: what is wrong is in the receipt. */
  trackSubscription(input: InputOf<'subscription'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.send('subscription', input, options);
  }

  /** Any canonical event, to this destination alone. */
  protected sendEvent(event: TrackingEvent, options?: TrackOptions): Promise<TrackReceipt> {
    return this.door.trackFor(this.destination, undefined, event, options);
  }

  protected send(name: EventName, input: unknown, options?: TrackOptions): Promise<TrackReceipt> {
    return this.door.trackFor(this.destination, name, input, options);
  }
}
