import { createHash } from 'node:crypto';

import { Inject, Injectable, type LoggerService } from '@nestjs/common';

import type { Clock } from './clock';
import { acceptContext } from './context/accept-context';
import type { ContextStore } from './context/context-store';
import type { RequestReader } from './context/request-reader';
import type { DeliveryRole } from './delivery/delivery.options';
import type { Destination } from './destinations/destination';
import type { TrackingDoor } from './destinations/tracking-door';
import { completeEvent } from './events/complete-event';
import type { Consent } from './events/consent';
import type { CompletedEvent } from './events/completed-event';
import { EVENT_NAMES, isEventName } from './events/event-rules';
import { FieldReader } from './events/field-reader';
import { printableText } from './events/printable-text';
import { errorName, type Problem } from './events/problem';
import type { ProtectedEvent } from './events/protected-event';
import type { DestinationReceipt, TrackOptions, TrackReceipt } from './events/receipt';
import type { ContextRef, IncomingRequest, RequestContext } from './events/request-context';
import type { EventName, InputOf, TrackingEvent } from './events/tracking-event';
import type { ActivityListener, ActivityStream } from './outbox/activity';
import { awaitSettlement, type AwaitedSettlement } from './outbox/await-settlement';
import { idempotencyKey } from './outbox/idempotency-key';
import type { LaneHealthBoard } from './outbox/lane-health';
import type { AppendResult, LaneStats, Outbox, OutboxEntry } from './outbox/outbox';
import { priorityOf } from './outbox/priority';
import { unavailable } from './outbox/refusals';
import type { Storage } from './outbox/storage';
import {
  decideConsent,
  withPolicy,
  withPrivacySignals,
  type ConsentPolicy,
} from './privacy/consent-gate';
import { cleanId } from './privacy/free-text';
import { protectEvent } from './privacy/protect-event';
import type { ProtectUserDataOptions } from './privacy/protect-user-data';
import { TRACKING_PARTS } from './tracking.tokens';
import { trackingStatus, type DestinationSummary, type TrackingStatus } from './tracking-status';

/** What the service is put together from. */
export interface TrackingParts {
  readonly destinations: readonly Destination[];
  /** Every destination of the catalog, the disabled ones too. */
  readonly summaries: readonly DestinationSummary[];
  readonly outbox: Outbox;
  readonly contexts: ContextStore;
  readonly contextTtlMs: number;
  readonly storage: Storage<ContextStore>;
  readonly role: DeliveryRole;
  readonly waitUntil: TrackOptions['waitUntil'];
  readonly activity: ActivityStream;
  readonly reader: RequestReader;
  readonly consent: ConsentPolicy;
  readonly privacy: ProtectUserDataOptions;
  readonly health: LaneHealthBoard;
  readonly clock: Clock;
  readonly logger: LoggerService;
}

export interface FlushReport {
  /** Nothing is pending any more. */
  readonly isComplete: boolean;
  /** Entries that are still pending. */
  readonly pending: number;
  readonly lanes: readonly LaneStats[];
}

const DEFAULT_SETTLE_TIMEOUT_MS = 30_000;
const DEFAULT_FLUSH_TIMEOUT_MS = 5_000;

/**
 * The one door. `track…()` resolves when the event is stored and **never rejects**: what is wrong is in
 * the receipt and in one log line. No platform is waited for, unless `until: 'settled'` asks for it.
 */
@Injectable()
export class ServerTrackingService implements TrackingDoor {
  constructor(@Inject(TRACKING_PARTS) private readonly parts: TrackingParts) {}

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
    return this.parts.reader.read(request, this.parts.clock.now());
  }

  /** The client's address; `X-Forwarded-For` counts only behind `context.trustProxy`. */
  getClientIp(request: IncomingRequest | object): string | undefined {
    return this.parts.reader.clientIp(request);
  }

  getUserAgent(request: IncomingRequest | object): string | undefined {
    return this.parts.reader.userAgent(request);
  }

  /**
   * Keeps what a request can tell, for a webhook that comes later: give the reference to any `track…()`
   * as `context`. Never rejects.
   *
   * @param key what the webhook will know too, such as the order ID; the same key replaces what was kept.
   * @param context the visitor's request, or what was read from it.
   */
  async saveContext(key: string, context: RequestContext | IncomingRequest): Promise<ContextRef> {
    const { contexts, contextTtlMs, logger } = this.parts;
    const contextRef = contextRefOf(key);
    if (contextRef === undefined) {
      logger.warn('tracking: saveContext needs a key such as the order ID; nothing was kept');
      return { contextRef: NO_CONTEXT };
    }
    try {
      await contexts.save(contextRef, this.contextFrom(context, []), contextTtlMs);
      return { contextRef };
    } catch (error) {
      logger.warn(`tracking: a context could not be kept: ${errorName(error)}`);
      return { contextRef: NO_CONTEXT };
    }
  }

  /** Whether each destination can deliver; `overall` is true when every enabled one can. */
  getStatus(): TrackingStatus {
    const { summaries, health, storage, role } = this.parts;
    return trackingStatus(summaries, health, storage, role);
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

  /** Counters and gauges per destination: of all processes where the storage is shared. */
  stats(): Promise<readonly LaneStats[]> {
    return this.parts.outbox.stats();
  }

  isEnabled(destination: string): boolean {
    return this.parts.destinations.some(({ name }) => name === destination);
  }

  /** Delivers what is pending without waiting for company. */
  async flush(options: { timeoutMs?: number } = {}): Promise<FlushReport> {
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
      const receipt = await this.intake(name ?? readName(input), input, options, only);
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

  /** The line, left of the outbox: complete, join the context, ask consent, protect, encode, store. */
  private async intake(
    name: EventName | undefined,
    input: unknown,
    options: TrackOptions | undefined,
    limitedTo: readonly string[] | undefined,
  ): Promise<TrackReceipt> {
    const nowMs = this.parts.clock.now();
    if (name === undefined) {
      const message = `expected one of ${EVENT_NAMES.join(', ')}`;
      return rejected('', [{ field: 'name', code: 'invalid', message }]);
    }
    const completion = completeEvent(name, input, nowMs);
    const { problems } = completion;
    if (completion.kind === 'rejected') {
      return rejected(cleanId(completion.eventId, 'eventId', problems), problems);
    }
    const event = {
      ...completion.event,
      eventId: cleanId(completion.event.eventId, 'eventId', problems),
    };
    const found = this.contextOf(input, problems);
    const context = found instanceof Promise ? await found : found;
    const consent = withPrivacySignals(event.consent, context.gpc);
    const receipts: Record<string, DestinationReceipt> = {};
    const chosen = this.chooseDestinations(consent, limitedTo ?? event.only, receipts, problems);
    if (chosen.length === 0) return receiptOf(event.eventId, receipts, problems);
    const allowed = withPolicy(consent, this.parts.consent);
    const guarded = protectEvent(event, context, allowed, this.parts.privacy, problems);
    const entries = chosen.flatMap((destination) =>
      this.encode(destination, guarded, event, nowMs, receipts),
    );
    await this.store(entries, receipts, options);
    return receiptOf(event.eventId, receipts, problems);
  }

  private contextOf(input: unknown, problems: Problem[]): RequestContext | Promise<RequestContext> {
    const reader = new FieldReader(problems, input as object);
    const context = reader.raw('context');
    if (context === undefined) return {};
    if (typeof context !== 'object') {
      reader.note(
        'context',
        'invalid',
        'expected a request, what readRequest returns, or what saveContext returns',
      );
      return {};
    }
    const fields = new FieldReader(problems, context as object, 'context');
    if (!fields.keys().includes('contextRef')) return this.contextFrom(context as object, problems);
    const ref = fields.text('contextRef', 200);
    if (ref !== undefined) return this.loadContext(ref, problems);
    fields.note('contextRef', 'missing', 'expected what saveContext returned');
    return {};
  }

  private contextFrom(source: object, problems: Problem[]): RequestContext {
    const fields = new FieldReader(problems, source, 'context');
    const isRequest = ['headers', 'req', 'request', 'switchToHttp'].some(
      (key) => fields.raw(key) !== undefined,
    );
    return isRequest ? this.readRequest(source) : acceptContext(fields);
  }

  private async loadContext(ref: string, problems: Problem[]): Promise<RequestContext> {
    try {
      const context = await this.parts.contexts.load(ref);
      if (context !== undefined) return context;
      problems.push({
        field: 'context',
        code: 'missing',
        message: 'nothing is kept under this reference, or no longer',
      });
    } catch (error) {
      problems.push({
        field: 'context',
        code: 'storage_unavailable',
        message: `could not be loaded: ${errorName(error)}`,
      });
    }
    return {};
  }

  private chooseDestinations(
    consent: Consent,
    only: readonly string[] | undefined,
    receipts: Record<string, DestinationReceipt>,
    problems: Problem[],
  ): Destination[] {
    const { destinations, summaries, consent: policy } = this.parts;
    for (const name of only ?? []) {
      if (this.isEnabled(name)) continue;
      receipts[name] = { kind: 'skipped', reason: 'is not enabled' };
      if (summaries.some((summary) => summary.name === name)) continue;
      const known = summaries.map((summary) => summary.name).join(', ');
      problems.push({
        field: 'only',
        code: 'invalid',
        message: `names no destination; known are ${known}`,
      });
    }
    return destinations.filter(({ name, requiredConsent }) => {
      if (only !== undefined && !only.includes(name)) return false;
      const decision = decideConsent(consent, requiredConsent, policy);
      if (decision.kind === 'withhold')
        receipts[name] = { kind: 'skipped', reason: decision.reason };
      return decision.kind === 'send';
    });
  }

  private encode(
    destination: Destination,
    guarded: ProtectedEvent,
    event: CompletedEvent,
    nowMs: number,
    receipts: Record<string, DestinationReceipt>,
  ): OutboxEntry[] {
    const { name, limits } = destination;
    if (nowMs - event.occurredAtMs > limits.maxEventAgeMs) {
      const message = `is older than the ${Math.round(limits.maxEventAgeMs / 3_600_000)} hours that ${name} takes`;
      receipts[name] = {
        kind: 'rejected',
        problems: [{ field: 'occurredAt', code: 'too_old', message }],
      };
      return [];
    }
    const encoding = destination.encode(guarded);
    switch (encoding.kind) {
      case 'unsupported':
        receipts[name] = { kind: 'skipped', reason: encoding.reason };
        return [];
      case 'invalid': {
        const { field = 'event', code = 'invalid', reason: message } = encoding;
        receipts[name] = { kind: 'rejected', problems: [{ field, code, message }] };
        return [];
      }
      case 'encoded': {
        const { wire, notes } = encoding;
        receipts[name] =
          notes === undefined || notes.length === 0 ? QUEUED : { kind: 'queued', notes };
        return [
          {
            key: idempotencyKey({
              destination: name,
              event: kindOfEvent(guarded),
              eventId: event.eventId,
              tenantId: event.tenantId,
            }),
            destination: name,
            eventId: event.eventId,
            eventName: event.name,
            occurredAtMs: event.occurredAtMs,
            acceptedAtMs: nowMs,
            priority: priorityOf(event.name),
            wire,
          },
        ];
      }
    }
  }

  private async store(
    entries: readonly OutboxEntry[],
    receipts: Record<string, DestinationReceipt>,
    options: TrackOptions | undefined,
  ): Promise<void> {
    if (entries.length === 0) return;
    const { activity } = this.parts;
    const waitUntil = options?.waitUntil ?? this.parts.waitUntil;
    const isWaiting = options?.until === 'settled' || waitUntil !== undefined;
    // Registered before storing, because a fast lane could settle before the call returns.
    const awaited = isWaiting ? this.awaitAll(entries, options) : [];
    const results = await this.append(entries);
    const waiting: Promise<void>[] = [];
    for (const [index, entry] of entries.entries()) {
      const { destination } = entry;
      const result = results[index];
      if (result?.kind === 'duplicate') receipts[destination] = { kind: 'duplicate' };
      if (result?.kind === 'refused')
        receipts[destination] = { kind: 'rejected', problems: [result.problem] };
      if (activity.isHeard) this.tell(entry, result);
      if (result?.kind !== 'stored') awaited[index]?.cancel();
      else if (awaited[index] !== undefined)
        waiting.push(
          awaited[index].outcome.then((outcome) => {
            if (options?.until === 'settled') receipts[destination] = outcome;
          }),
        );
    }
    if (waiting.length === 0) return;
    const settled = Promise.all(waiting);
    if (options?.until === 'settled') await settled;
    else this.handOn(settled, waitUntil);
  }

  private awaitAll(
    entries: readonly OutboxEntry[],
    options: TrackOptions | undefined,
  ): readonly AwaitedSettlement[] {
    const timeoutMs = options?.timeoutMs ?? DEFAULT_SETTLE_TIMEOUT_MS;
    return entries.map(({ key }) => awaitSettlement(this.parts.outbox, key, timeoutMs));
  }

  private async append(entries: readonly OutboxEntry[]): Promise<readonly AppendResult[]> {
    try {
      return await this.parts.outbox.append(entries);
    } catch (error) {
      const refusal = unavailable(errorName(error));
      return entries.map(() => refusal);
    }
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

/** Refers to nothing: an event with it lives without a context and says so in its receipt. */
const NO_CONTEXT = 'none';

/** The event's name, with what makes it another event at a platform. */
function kindOfEvent({ name, details }: ProtectedEvent): string {
  const part = details.phase ?? details.eventName;
  return part === undefined ? name : `${name}:${part}`;
}

/** Short and without meaning, so that it can stand in a payment provider's metadata. */
function contextRefOf(key: unknown): string | undefined {
  // Without a key of its own, every visitor would replace the one before.
  const text = typeof key === 'number' || typeof key === 'bigint' ? String(key) : key;
  if (typeof text !== 'string' || text.trim() === '') return undefined;
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

const QUEUED: DestinationReceipt = { kind: 'queued' };

function readName(input: unknown): EventName | undefined {
  const isObject = typeof input === 'object' && input !== null;
  const name = isObject ? new FieldReader([], input).raw('name') : undefined;
  return isEventName(name) ? name : undefined;
}

function rejected(eventId: string, problems: readonly Problem[]): TrackReceipt {
  return { eventId, status: 'rejected', destinations: {}, problems };
}

function receiptOf(
  eventId: string,
  destinations: Readonly<Record<string, DestinationReceipt>>,
  problems: readonly Problem[],
): TrackReceipt {
  return { eventId, status: statusOf(destinations), destinations, problems };
}

function statusOf(
  destinations: Readonly<Record<string, DestinationReceipt>>,
): TrackReceipt['status'] {
  let status: TrackReceipt['status'] = 'skipped';
  for (const name in destinations) {
    switch (destinations[name]?.kind) {
      case 'skipped':
        break;
      case 'rejected':
        if (status === 'skipped') status = 'rejected';
        break;
      case 'duplicate':
        status = 'duplicate';
        break;
      default:
        return 'accepted';
    }
  }
  return status;
}

function hasRejection(destinations: Readonly<Record<string, DestinationReceipt>>): boolean {
  for (const name in destinations) if (destinations[name]?.kind === 'rejected') return true;
  return false;
}
