import type { Consent } from './consent';
import type { EventDetails } from './event-details';
import type { JsonObject } from './properties';
import type { EventName } from './tracking-event';
import type { UserData } from './user-data';

/** An event that was checked and completed. It still holds raw user data: it lives for one call only. */
export interface CompletedEvent {
  readonly name: EventName;
  readonly eventId: string;
  /** Unix milliseconds. */
  readonly occurredAtMs: number;
  readonly details: EventDetails;
  readonly user: UserData;
  readonly consent: Consent;
  readonly properties?: JsonObject;
  /** Nobody looked at a page. */
  readonly isAutomatic?: boolean;
  readonly tenantId?: string;
  readonly only?: readonly string[];
}
