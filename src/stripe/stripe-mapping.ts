import type { TrackingEvent } from '../events/tracking-event';

export interface MappedStripeEvent {
  readonly kind: 'mapped';
  /** Without a context, which the snapshot behind `contextRef` is. */
  readonly event: TrackingEvent;
  /** The visitor's snapshot; `undefined` where the object carries none. */
  readonly contextRef: string | undefined;
}

/** What a Stripe event means: one canonical event, or nothing and why. */
export type StripeMapping =
  MappedStripeEvent | { readonly kind: 'ignored'; readonly reason: string };

export function mapped(event: TrackingEvent, contextRef: string | undefined): StripeMapping {
  return { kind: 'mapped', event, contextRef };
}

export function ignored(reason: string): StripeMapping {
  return { kind: 'ignored', reason };
}
