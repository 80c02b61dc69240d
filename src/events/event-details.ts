import type { AmountField, TextField } from './event-rules';
import type { CompletedItem } from './item';
import type { SubscriptionPhase } from './tracking-event';

/** The checked content of an event, without the person: fields by `EVENT_RULES`. */
export interface EventDetails
  extends
    Readonly<Partial<Record<Exclude<TextField, 'phase'>, string>>>,
    Readonly<Partial<Record<AmountField, number>>> {
  /** Only `subscription` events have one. */
  readonly phase?: SubscriptionPhase;
  /** Major units. There is a value exactly when there is a currency. */
  readonly value?: number;
  readonly currency?: string;
  /** Empty where the event has none. */
  readonly items: readonly CompletedItem[];
}
