import { randomUUID } from 'node:crypto';

import { Inject, Injectable, Logger, Optional, ServiceUnavailableException } from '@nestjs/common';

import type { Consent } from '../events/consent';
import type { Item } from '../events/item';
import { errorName } from '../events/problem';
import type { TrackOptions, TrackReceipt } from '../events/receipt';
import type { ContextRef, IncomingRequest, RequestContext } from '../events/request-context';
import type { EventInput, EventName } from '../events/tracking-event';
import type { UserData } from '../events/user-data';
import { ServerTrackingService } from '../server-tracking.service';
import { withTrackingMetadata, type CheckoutParamsLike } from './checkout-params';
import { mapStripeEvent } from './map-stripe-event';
import type { StripeEventLike } from './stripe-event';
import { StripeObject } from './stripe-object';
import { ignored, type MappedStripeEvent, type StripeMapping } from './stripe-mapping';
import { resolveStripeOptions, type StripeTrackingSettings } from './stripe-tracking.options';
import { EVENT_ID, TRACKING_REF, USER_ID } from './tracking-metadata';

/** The token of the options; without it the defaults hold. */
export const STRIPE_TRACKING_OPTIONS = Symbol('STRIPE_TRACKING_OPTIONS');

/** The visitor's request, what was read from it, or what `saveContext` returned. */
export type Visitor = RequestContext | IncomingRequest | ContextRef;

export interface CheckoutMetadataOptions {
  /** Of a `subscription` the snapshot is kept for long from the beginning; default `payment`. */
  mode?: 'payment' | 'setup' | 'subscription' | undefined;
  /** What the visitor allowed. It is kept with the snapshot, never in Stripe, and holds in the webhook. */
  consent?: Consent | undefined;
  /** Who it is, where that is known: what this person withdraws or has erased holds for the snapshot too. */
  user?: Pick<UserData, 'id' | 'email'> | undefined;
  /** Of the purchase, the start or the trial that will follow, where the browser pixel shares it. */
  eventId?: string | undefined;
}

/** What the host knows better than Stripe; goes over what was read from the event. */
export interface StripeEventOverrides extends Pick<
  EventInput,
  'user' | 'context' | 'consent' | 'tenantId' | 'only' | 'properties'
> {
  items?: readonly Item[] | undefined;
  coupon?: string | undefined;
}

/** What became of a Stripe event. */
export type StripeTrackResult =
  /** It was a conversion; the receipt says which destinations get it, also when it came before. */
  | { readonly kind: 'tracked'; readonly event: EventName; readonly receipt: TrackReceipt }
  /** It is none, or another event of Stripe's tells of it. */
  | { readonly kind: 'ignored'; readonly reason: string }
  /** The storage was out of reach, or had no room for any destination: answer 5xx, and Stripe delivers it again. */
  | { readonly kind: 'not-stored'; readonly event: EventName; readonly receipt: TrackReceipt };

/** From checkout to webhook: metadata for what Stripe makes, and one right event for what Stripe tells. */
@Injectable()
export class StripeTrackingService {
  private readonly settings: StripeTrackingSettings;

  constructor(
    @Inject(ServerTrackingService) private readonly tracking: ServerTrackingService,
    @Optional() @Inject(STRIPE_TRACKING_OPTIONS) settings?: StripeTrackingSettings,
  ) {
    this.settings = settings ?? resolveStripeOptions();
  }

  /**
   * Keeps the visitor's snapshot and returns what refers to it: the `metadata` of a Checkout Session, a payment
   * intent or a subscription alike. It holds no personal data. Never rejects; where nothing could be kept the
   * key is there all the same, because it marks a payment intent as yours.
   */
  async checkoutMetadata(
    visitor?: Visitor,
    options: CheckoutMetadataOptions = {},
  ): Promise<Record<string, string>> {
    const given = optionsOf(options);
    const { contextRef } = await this.snapshot(visitor, given);
    const eventId = StripeObject.of(given).text('eventId');
    return { [TRACKING_REF]: contextRef, ...(eventId !== undefined && { [EVENT_ID]: eventId }) };
  }

  /**
   * The parameters of `stripe.checkout.sessions.create` with the metadata in every place where a webhook will
   * look for it. Your own metadata stays, and the session's is copied to the payment intent or subscription. Its `user_id`
   * says whose the visit is, unless `options.user` does.
   */
  async forCheckout<Params extends CheckoutParamsLike>(
    params: Params,
    visitor?: Visitor,
    options: Omit<CheckoutMetadataOptions, 'mode'> = {},
  ): Promise<Params> {
    const mode = params.mode === 'subscription' ? 'subscription' : 'payment';
    const id = StripeObject.of(params.metadata).text(USER_ID);
    const user = optionsOf(options).user ?? (id === undefined ? undefined : { id });
    const metadata = await this.checkoutMetadata(visitor, { ...options, mode, user });
    return withTrackingMetadata(params, metadata);
  }

  /**
   * Tracks what a **verified** event tells, or ignores it. Takes every type of event, any number of times and
   * in any order. Never rejects.
   *
   * @param overrides what you know better: items, the user, today's consent.
   */
  async trackStripeEvent(
    event: StripeEventLike,
    overrides?: StripeEventOverrides,
    options?: TrackOptions,
  ): Promise<StripeTrackResult> {
    const mapping = this.map(event, overrides ?? {});
    if (mapping.kind === 'ignored') return mapping;
    const receipt = await this.tracking.track(mapping.event, options);
    if (receipt.status === 'accepted') await this.keepSubscriber(mapping);
    const kind = isLost(receipt) ? 'not-stored' : 'tracked';
    return { kind, event: mapping.event.name, receipt };
  }

  /**
   * The same for a handler in one line.
   *
   * @throws ServiceUnavailableException where the event could not be stored, so that Stripe delivers it again.
   */
  async trackStripeEventOrFail(
    event: StripeEventLike,
    overrides?: StripeEventOverrides,
    options?: TrackOptions,
  ): Promise<StripeTrackResult> {
    const result = await this.trackStripeEvent(event, overrides, options);
    if (result.kind === 'not-stored')
      throw new ServiceUnavailableException('The event could not be stored; deliver it again');
    return result;
  }

  private async snapshot(
    visitor: Visitor | undefined,
    { mode, consent, user }: CheckoutMetadataOptions,
  ): Promise<ContextRef> {
    const isSaid = consent !== undefined || user !== undefined || mode === 'subscription';
    // What is said of a visit that was kept before is kept with it, under a name of its own.
    if (isContextRef(visitor) && !isSaid) return visitor;
    const ttlMs = mode === 'subscription' ? this.settings.subscriptionContextTtlMs : undefined;
    return this.tracking.saveContext(randomUUID(), visitor, { ttlMs, consent, user });
  }

  /** A subscriber is known for as long as invoices come; a visitor who bought once is soon forgotten. */
  private async keepSubscriber({ event, contextRef }: MappedStripeEvent): Promise<void> {
    if (contextRef === undefined || event.name !== 'subscription' || event.phase === 'cancel')
      return;
    await this.tracking.extendContext({ contextRef }, this.settings.subscriptionContextTtlMs);
  }

  private map(event: unknown, overrides: StripeEventOverrides): StripeMapping {
    try {
      const mapping = mapStripeEvent(event, this.settings);
      if (mapping.kind === 'ignored') return mapping;
      // Never the request being served: that one is Stripe's.
      const { contextRef } = mapping;
      const snapshot: Visitor = contextRef === undefined ? {} : { contextRef };
      const context = overrides.context ?? snapshot;
      const user = { ...mapping.event.user, ...overrides.user };
      return { ...mapping, event: { ...mapping.event, ...overrides, context, user } };
    } catch (error) {
      this.mention(error);
      return ignored('it could not be read');
    }
  }

  /** Without the event: it holds a person's data. */
  private mention(error: unknown): void {
    try {
      const logger = this.settings.logger ?? new Logger(StripeTrackingService.name);
      logger.warn(`tracking: a Stripe event could not be read: ${errorName(error)}`);
    } catch {
      // A logger that throws must not fail a webhook.
    }
  }
}

/** JavaScript gives null for nothing, and anything else. */
function optionsOf(options: CheckoutMetadataOptions | null): CheckoutMetadataOptions {
  return typeof options === 'object' && options !== null ? options : {};
}

function isContextRef(visitor: Visitor | undefined): visitor is ContextRef {
  return StripeObject.of(visitor).text('contextRef') !== undefined;
}

/** Whether another delivery may store it: the storage was away, or nobody had room for it. */
function isLost({ status, destinations }: TrackReceipt): boolean {
  const codes = Object.values(destinations).flatMap((one) =>
    one.kind === 'rejected' ? one.problems.map(({ code }) => code) : [],
  );
  return (
    codes.includes('storage_unavailable') || (status === 'rejected' && codes.includes('overflow'))
  );
}
