import { Inject, Injectable, type LoggerService } from '@nestjs/common';

import { fieldsOf, type AuditTrail } from './audit-trail';
import type { Clock } from './clock';
import { datedBy } from './consent/dated-by';
import { mergeConsent } from './consent/merge-consent';
import type { RequestReader } from './context/request-reader';
import type { SaveContextOptions } from './context/save-context.options';
import type { DeliveryRole } from './delivery/delivery.options';
import { checkDeduplication, type BrowserEvent, type DeduplicationReport } from './dedup-check';
import type { Destination } from './destinations/destination';
import type { TrackingDoor } from './destinations/tracking-door';
import type { OutgoingResponse } from './context/visitor-cookies';
import type { EventContexts, FoundContext, IdentifiedVisitor } from './event-contexts';
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
import type { UserData } from './events/user-data';
import type { ActivityListener, ActivityStream } from './outbox/activity';
import { awaitSettlement, type AwaitedSettlement } from './outbox/await-settlement';
import { idempotencyKey } from './outbox/idempotency-key';
import type { LaneHealthBoard } from './outbox/lane-health';
import type { AppendResult, LaneStats, Outbox, OutboxEntry } from './outbox/outbox';
import { priorityOf } from './outbox/priority';
import { unavailable } from './outbox/refusals';
import type { DestinationStats, MatchQualityBoard } from './match-quality';
import type { Storage } from './outbox/storage';
import type { ConsentControl, ErasureReport, People, PersonExport } from './people';
import type { BotGate } from './privacy/bot-gate';
import {
  decideConsent,
  withPrivacySignals,
  type ConsentDecision,
  type ConsentPolicy,
} from './privacy/consent-gate';
import { asDecided } from './privacy/cookieless';
import { afterWithdrawal, PERSON_ERASED, type Withdrawal } from './privacy/consent-register';
import { cleanId } from './privacy/free-text';
import type { MinimizationRules } from './privacy/minimization.options';
import { minimizeEvent } from './privacy/minimize-event';
import type { PageUrlOptions } from './privacy/page-url';
import { protectEvent } from './privacy/protect-event';
import type { ProtectUserDataOptions } from './privacy/protect-user-data';
import { isEmail, MAX_OWNERS } from './privacy/subjects';
import type { SentEvents } from './sent-events';
import { TRACKING_PARTS } from './tracking.tokens';
import { trackingStatus, type DestinationSummary, type TrackingStatus } from './tracking-status';

/** What the service is put together from. */
export interface TrackingParts {
  readonly destinations: readonly Destination[];
  /** Every destination of the catalog, the disabled ones too. */
  readonly summaries: readonly DestinationSummary[];
  readonly outbox: Outbox;
  readonly contexts: EventContexts;
  readonly people: People;
  readonly audit: AuditTrail | undefined;
  readonly storage: Storage;
  readonly role: DeliveryRole;
  readonly waitUntil: TrackOptions['waitUntil'];
  readonly activity: ActivityStream;
  readonly reader: RequestReader;
  readonly consent: ConsentPolicy;
  readonly privacy: ProtectUserDataOptions & PageUrlOptions;
  /** By destination; one without an entry gets everything. */
  readonly minimization: ReadonlyMap<string, MinimizationRules>;
  /** Without one, bots are sent. */
  readonly bots: BotGate | undefined;
  readonly health: LaneHealthBoard;
  readonly matchQuality: MatchQualityBoard;
  readonly sent: SentEvents;
  readonly clock: Clock;
  readonly logger: LoggerService;
}

/** Whose an event is, for those who take consent back later. */
interface EventPerson {
  readonly owners: readonly string[];
  /** When the consent that it goes out with was given, or changed by a withdrawal, as far as that is known. */
  readonly consentAtMs: number | undefined;
}

/** A destination that gets the event, and as what. */
interface ChosenDestination {
  readonly destination: Destination;
  readonly decision: Extract<ConsentDecision, { kind: 'send' }>;
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
    const { summaries, health, storage, role, bots } = this.parts;
    return trackingStatus(summaries, health, storage, role, bots?.skipped ?? 0);
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
    const coming = this.parts.contexts.of(input, problems);
    const found = coming instanceof Promise ? await coming : coming;
    const { context } = found;
    const given = datedBy(
      nowMs,
      withPrivacySignals(mergeConsent(event.consent, context.consent), context.gpc),
    );
    const receipts: Record<string, DestinationReceipt> = {};
    const { audit } = this.parts;
    let owners: readonly string[] = [];
    let withdrawal: Withdrawal | undefined;
    let refusal: Problem | undefined;
    try {
      if (found.isAway === true) throw new Error('what was kept cannot be loaded');
      owners = await this.ownersOf(event.user, found, name, given);
      withdrawal = await this.parts.people.register.find(owners);
    } catch (error) {
      refusal = unavailable(errorName(error)).problem;
    }
    const consent = afterWithdrawal(given, withdrawal);
    const only = limitedTo ?? event.only;
    const chosen = this.chooseDestinations(consent, withdrawal, only, receipts, problems);
    if (refusal !== undefined)
      for (const { destination } of chosen.splice(0))
        receipts[destination.name] = { kind: 'rejected', problems: [refusal] };
    if (chosen.length > 0 && this.parts.bots?.refuses(name, context.userAgent) === true)
      for (const { destination } of chosen.splice(0)) receipts[destination.name] = BOT;
    const sent = new Map<string, readonly string[]>();
    if (chosen.length > 0) {
      const person = { owners, consentAtMs: decidedAt(consent, withdrawal) };
      const guarded = protectEvent(event, context, consent, this.parts.privacy, problems);
      const entries = chosen.flatMap(({ destination, decision }) => {
        const decided = this.minimized(destination, asDecided(guarded, decision));
        if (audit !== undefined) sent.set(destination.name, fieldsOf(decided));
        return this.encode(destination, decided, event, person, nowMs, receipts);
      });
      await this.store(entries, receipts, options);
    }
    if (audit !== undefined)
      for (const [destination, receipt] of Object.entries(receipts))
        audit.decided({
          destination,
          eventId: event.eventId,
          eventName: name,
          subjects: owners,
          consent,
          receipt,
          fields: sent.get(destination),
        });
    return receiptOf(event.eventId, receipts, problems);
  }

  /** Whose the event is. Rejects where the storage that knows people's names is out of reach. */
  private async ownersOf(
    user: UserData,
    found: FoundContext,
    name: EventName,
    { analyticsStorage }: Consent,
  ): Promise<readonly string[]> {
    const { people, contexts } = this.parts;
    const { context, keptFor = [] } = found;
    const subjects = await people.subjects();
    const own = subjects.of(user, context.visitorId);
    const { visitorId } = context;
    const isJoined = visitorId !== undefined && analyticsStorage !== 'denied';
    const visitor = isJoined ? [subjects.visitor(visitorId)] : [];
    const isSignedIn = name === 'sign_up' || name === 'login';
    // An account's own address belongs to it; what somebody types elsewhere may be anybody's.
    const linked = isSignedIn ? own : own.filter((one) => !isEmail(one));
    if (visitor.length > 0 || isSignedIn) await people.link([...new Set([...linked, ...visitor])]);
    await contexts.noteUse(found, own);
    return [...new Set([...own, ...keptFor])].slice(0, MAX_OWNERS);
  }

  private chooseDestinations(
    consent: Consent,
    withdrawal: Withdrawal | undefined,
    only: readonly string[] | undefined,
    receipts: Record<string, DestinationReceipt>,
    problems: Problem[],
  ): ChosenDestination[] {
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
    return destinations.flatMap((destination) => {
      const { name } = destination;
      if (only !== undefined && !only.includes(name)) return [];
      const decision = decideConsent(consent, destination, policy);
      if (withdrawal?.erasedAtMs !== undefined)
        receipts[name] = { kind: 'skipped', reason: PERSON_ERASED };
      else if (decision.kind === 'send') return [{ destination, decision }];
      else receipts[name] = { kind: 'skipped', reason: reasonOf(decision.reason, withdrawal) };
      return [];
    });
  }

  /** What of the event the destination may get at all. */
  private minimized({ name }: Destination, event: ProtectedEvent): ProtectedEvent {
    const rules = this.parts.minimization.get(name);
    return rules === undefined ? event : minimizeEvent(event, rules);
  }

  private encode(
    destination: Destination,
    guarded: ProtectedEvent,
    event: CompletedEvent,
    person: EventPerson,
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
        if (code === 'too_weak') this.parts.matchQuality.note(name, guarded, true);
        receipts[name] = { kind: 'rejected', problems: [{ field, code, message }] };
        return [];
      }
      case 'encoded': {
        const { wire, notes } = encoding;
        this.parts.matchQuality.note(name, guarded, false);
        this.parts.sent.note(name, {
          name: encoding.eventName ?? event.name,
          eventName: event.name,
          eventId: event.eventId,
          occurredAtMs: event.occurredAtMs,
        });
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
            ...(person.owners.length > 0 && {
              subjects: person.owners,
              ...(person.consentAtMs !== undefined && { consentAtMs: person.consentAtMs }),
            }),
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

/** The event's name, with what makes it another event at a platform. */
function kindOfEvent({ name, details }: ProtectedEvent): string {
  const part = details.phase ?? details.eventName;
  return part === undefined ? name : `${name}:${part}`;
}

/** Up to when the decision knows of what was given and taken back. */
function decidedAt(
  { capturedAt }: Consent,
  withdrawal: Withdrawal | undefined,
): number | undefined {
  const times = [capturedAt, ...Object.values(withdrawal?.purposes ?? {})].filter(
    (atMs) => atMs !== undefined,
  );
  return times.length === 0 ? undefined : Math.max(...times);
}

/** The person had allowed it once. */
function reasonOf(reason: string, withdrawal: Withdrawal | undefined): string {
  return withdrawal === undefined ? reason : reason.replace('consent denied', 'consent withdrawn');
}

const QUEUED: DestinationReceipt = { kind: 'queued' };
const BOT: DestinationReceipt = { kind: 'skipped', reason: 'bot' };

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
