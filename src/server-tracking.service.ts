import { Inject, Injectable } from '@nestjs/common';

import type { RequestReader } from './context/request-reader';
import type { SaveContextOptions } from './context/save-context.options';
import type { OutgoingResponse } from './context/visitor-cookies';
import type { DeliveryRole } from './delivery/delivery.options';
import { checkDeduplication, type BrowserEvent, type DeduplicationReport } from './dedup-check';
import type { TrackingDoor } from './destinations/tracking-door';
import type { IdentifiedVisitor } from './event-contexts';
import { EventIntake, type EventIntakeParts } from './event-intake';
import type { Consent } from './events/consent';
import { isEventName } from './events/event-rules';
import { FieldReader } from './events/field-reader';
import { printableText } from './events/printable-text';
import { errorName } from './events/problem';
import type { TrackOptions, TrackReceipt } from './events/receipt';
import type { ContextRef, IncomingRequest, RequestContext } from './events/request-context';
import type { EventName, InputOf, TrackingEvent } from './events/tracking-event';
import { hasRejection, rejected } from './make-receipt';
import type { DestinationStats } from './match-quality';
import type { ActivityListener } from './outbox/activity';
import type { LaneHealthBoard } from './outbox/lane-health';
import type { LaneStats } from './outbox/outbox';
import type { Storage } from './outbox/storage';
import type { ConsentControl, ErasureReport, PersonExport } from './people';
import { TRACKING_PARTS } from './tracking.tokens';
import { trackingStatus, type TrackingStatus } from './tracking-status';

/** What the service is put together from. */
export interface TrackingParts extends EventIntakeParts {
  readonly storage: Storage;
  readonly role: DeliveryRole;
  readonly reader: RequestReader;
  readonly health: LaneHealthBoard;
}

export interface FlushReport {
  /** Nothing is pending any more. */
  readonly isComplete: boolean;
  /** Entries that are still pending. */
  readonly pending: number;
  readonly lanes: readonly LaneStats[];
}

const DEFAULT_FLUSH_TIMEOUT_MS = 5_000;

/**
 * The one door. `track…()` resolves when the event is stored and **never rejects**: what is wrong is in
 * the receipt and in one log line. No platform is waited for, unless `until: 'settled'` asks for it.
 */
@Injectable()
export class ServerTrackingService implements TrackingDoor {
  private readonly intake: EventIntake;

  constructor(@Inject(TRACKING_PARTS) private readonly parts: TrackingParts) {
    this.intake = new EventIntake(parts);
  }

  trackPageView(input: InputOf<'page_view'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.submit('page_view', input, options);
  }

  trackViewItem(input: InputOf<'view_item'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.submit('view_item', input, options);
  }

  trackViewItemList(
    input: InputOf<'view_item_list'>,
    options?: TrackOptions,
  ): Promise<TrackReceipt> {
    return this.submit('view_item_list', input, options);
  }

  trackSearch(input: InputOf<'search'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.submit('search', input, options);
  }

  trackAddToCart(input: InputOf<'add_to_cart'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.submit('add_to_cart', input, options);
  }

  trackRemoveFromCart(
    input: InputOf<'remove_from_cart'>,
    options?: TrackOptions,
  ): Promise<TrackReceipt> {
    return this.submit('remove_from_cart', input, options);
  }

  trackAddToWishlist(
    input: InputOf<'add_to_wishlist'>,
    options?: TrackOptions,
  ): Promise<TrackReceipt> {
    return this.submit('add_to_wishlist', input, options);
  }

  trackBeginCheckout(
    input: InputOf<'begin_checkout'>,
    options?: TrackOptions,
  ): Promise<TrackReceipt> {
    return this.submit('begin_checkout', input, options);
  }

  trackAddShippingInfo(
    input: InputOf<'add_shipping_info'>,
    options?: TrackOptions,
  ): Promise<TrackReceipt> {
    return this.submit('add_shipping_info', input, options);
  }

  trackAddPaymentInfo(
    input: InputOf<'add_payment_info'>,
    options?: TrackOptions,
  ): Promise<TrackReceipt> {
    return this.submit('add_payment_info', input, options);
  }

  /** Event ID by default `purchase:<orderId>`: a webhook that comes twice is one purchase. */
  trackPurchase(input: InputOf<'purchase'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.submit('purchase', input, options);
  }

  /** Event ID by default `refund:<orderId>`, with `:<refundId>` where there is one. */
  trackRefund(input: InputOf<'refund'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.submit('refund', input, options);
  }

  trackRegistration(input: InputOf<'sign_up'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.submit('sign_up', input, options);
  }

  trackLogin(input: InputOf<'login'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.submit('login', input, options);
  }

  trackLead(input: InputOf<'lead'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.submit('lead', input, options);
  }

  trackContact(input: InputOf<'contact'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.submit('contact', input, options);
  }

  /** `phase` says what happened: `start`, `trial`, `renew` or `cancel`. */
  trackSubscription(input: InputOf<'subscription'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.submit('subscription', input, options);
  }

  trackCustom(input: InputOf<'custom'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.submit('custom', input, options);
  }

  /** Any canonical event, told apart by its `name`. */
  track(event: TrackingEvent, options?: TrackOptions): Promise<TrackReceipt> {
    return this.submit(undefined, event, options);
  }

  /** For the services of single destinations: the same line, for one destination alone. */
  trackFor(
    destination: string,
    name: EventName | undefined,
    input: unknown,
    options?: TrackOptions,
  ): Promise<TrackReceipt> {
    return this.submit(name, input, options, [destination]);
  }

  /**
   * Reads what a request can tell: IP, user agent, page, click IDs and cookies. Takes Express, Fastify
   * and `node:http` requests, and Nest and GraphQL contexts that hold one. Never throws.
   */
  readRequest(request: IncomingRequest | object): RequestContext {
    return this.parts.contexts.read(request);
  }

  /** The client's address; `X-Forwarded-For` counts only behind `context.trustProxy`. */
  getClientIp(request: IncomingRequest | object): string | undefined {
    return this.parts.reader.clientIp(request);
  }

  getUserAgent(request: IncomingRequest | object): string | undefined {
    return this.parts.reader.userAgent(request);
  }

  /**
   * Recognises the visitor by first-party cookies, where the host knows what they allowed: writes cookies to the
   * response as far as that is granted, takes ours away where it is denied, and what is tracked for this request
   * afterwards knows the visitor. Needs `context.visitor`; on captured requests whose own cookies tell of consent
   * it is done without this call. Never rejects.
   *
   * @param response of Express, Fastify or `node:http`, before its headers are sent: then nothing is written.
   * @param consent default: what `consent.resolve` says, and the request's cookies.
   * @returns `undefined`: a visitor who is unknown, or wants to be.
   */
  identifyVisitor(
    request: IncomingRequest | object,
    response: OutgoingResponse,
    consent?: Consent,
  ): Promise<IdentifiedVisitor | undefined> {
    return this.parts.contexts.identify(request, response, consent);
  }

  /**
   * Keeps what a request can tell, for a webhook that comes later: give the reference to any `track…()`
   * as `context`. Encrypted at rest. Never rejects.
   *
   * @param key what tells this visit from others, such as the order ID; the same key replaces what was kept.
   * @param context the visitor's request, what was read from it, or what was kept before; default: the request being served.
   */
  saveContext(
    key: string,
    context?: RequestContext | IncomingRequest | ContextRef,
    options?: SaveContextOptions,
  ): Promise<ContextRef> {
    return this.parts.contexts.save(key, context, options ?? {});
  }

  /**
   * Keeps for longer what `saveContext` kept, counted from now. Never rejects.
   *
   * @returns whether it is there and is kept for so long.
   */
  extendContext(ref: ContextRef, ttlMs: number): Promise<boolean> {
    return this.parts.contexts.extend(ref, ttlMs);
  }

  /**
   * What a person has taken back, by a user ID, an e-mail address or a visitor ID. Rejects where the storage is
   * out of reach: then nothing was noted.
   */
  get consent(): ConsentControl {
    return this.parts.people;
  }

  /**
   * Forgets a person: pending events, dead letters, kept contexts and links go, the audit log keeps its lines
   * without them, and what still comes in about them stays unsent. Rejects where something is out of reach: call it
   * again.
   *
   * @param userKey a user ID, an e-mail address or a visitor ID.
   */
  erase(userKey: string): Promise<ErasureReport> {
    return this.parts.people.erase(userKey);
  }

  /** What is kept about a person, for a request of theirs. Rejects where the storage is out of reach. */
  exportPerson(userKey: string): Promise<PersonExport> {
    return this.parts.people.export(userKey);
  }

  /** Whether each destination can deliver; `overall` is true when every enabled one can. */
  getStatus(): TrackingStatus {
    const { summaries, health, storage, role, bots, audit } = this.parts;
    return trackingStatus(summaries, health, storage, role, bots?.skipped ?? 0, audit);
  }

  /**
   * Calls back with what happens to entries and lanes, as it happens; nothing of it holds an event's
   * content. A listener that throws harms nobody.
   *
   * @returns takes the listener away.
   */
  onActivity(listener: ActivityListener): () => void {
    return this.parts.activity.subscribe(listener);
  }

  /**
   * Counters and gauges per destination, of all processes where the storage is shared; and by what people can be
   * recognised in the last 1,000 events that this process made for it.
   */
  async stats(): Promise<readonly DestinationStats[]> {
    return this.parts.matchQuality.beside(await this.parts.outbox.stats());
  }

  /**
   * Whether a platform can tell that the browser's and the server's event are one: holds what a pixel sent against
   * the last 1,000 events that this process made for the destination. Never throws.
   *
   * @param destination whose pixel it was: `meta` or `tiktok`.
   * @param browserEvents its calls, as a page collected them.
   */
  checkDeduplication(
    destination: string,
    browserEvents: readonly BrowserEvent[],
  ): DeduplicationReport {
    return checkDeduplication(browserEvents, this.parts.sent.of(destination));
  }

  isEnabled(destination: string): boolean {
    return this.parts.destinations.some(({ name }) => name === destination);
  }

  /** Delivers what is pending without waiting for company. */
  async flush(options: { timeoutMs?: number | undefined } = {}): Promise<FlushReport> {
    const { outbox } = this.parts;
    const isComplete = await outbox.flush(options.timeoutMs ?? DEFAULT_FLUSH_TIMEOUT_MS);
    const lanes = await outbox.stats();
    return { isComplete, pending: lanes.reduce((sum, lane) => sum + lane.pending, 0), lanes };
  }

  private async submit(
    name: EventName | undefined,
    input: unknown,
    options: TrackOptions | undefined,
    only?: readonly string[],
  ): Promise<TrackReceipt> {
    try {
      const receipt = await this.intake.take(name ?? readName(input), input, options, only);
      this.mention(receipt);
      return receipt;
    } catch (error) {
      // A fault of ours must not become a failed sign-up of the host's.
      this.parts.logger.error(
        `tracking: internal fault while taking an event: ${errorName(error)}`,
      );
      return rejected('', [
        { field: 'event', code: 'internal', message: `internal fault: ${errorName(error)}` },
      ]);
    }
  }

  /** One line for an event with something wrong; fields and reasons, never values. */
  private mention({ status, eventId, destinations, problems }: TrackReceipt): void {
    if (status === 'accepted' && problems.length === 0 && !hasRejection(destinations)) return;
    const refused = Object.entries(destinations).flatMap(([name, receipt]) =>
      receipt.kind === 'rejected'
        ? receipt.problems.map((problem) => ({ ...problem, field: `${name}: ${problem.field}` }))
        : [],
    );
    const all = [...problems, ...refused];
    if (all.length === 0) return;
    const shown = all
      .slice(0, 10)
      .map(({ field, message }) => `${printableText(field)} ${message}`);
    const more = all.length > shown.length ? `; and ${all.length - shown.length} more` : '';
    this.parts.logger.warn(
      `tracking: event ${printableText(eventId)} ${status}: ${shown.join('; ')}${more}`,
    );
  }
}

function readName(input: unknown): EventName | undefined {
  const isObject = typeof input === 'object' && input !== null;
  const name = isObject ? new FieldReader([], input).raw('name') : undefined;
  return isEventName(name) ? name : undefined;
}
