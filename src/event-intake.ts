import { fieldsOf, type AuditTrail } from './audit-trail';
import type { Clock } from './clock';
import { datedBy } from './consent/dated-by';
import { mergeConsent } from './consent/merge-consent';
import type { Destination } from './destinations/destination';
import type { EventContexts, FoundContext } from './event-contexts';
import { completeEvent } from './events/complete-event';
import type { CompletedEvent } from './events/completed-event';
import type { Consent } from './events/consent';
import { EVENT_NAMES } from './events/event-rules';
import { WirePacker } from './events/packed-wire';
import { errorName, type Problem } from './events/problem';
import type { ProtectedEvent } from './events/protected-event';
import type { DestinationReceipt, TrackOptions, TrackReceipt } from './events/receipt';
import type { EventName } from './events/tracking-event';
import type { UserData } from './events/user-data';
import { receiptOf, rejected } from './make-receipt';
import type { MatchQualityBoard } from './match-quality';
import { idempotencyKey } from './outbox/idempotency-key';
import type { OutboxEntry } from './outbox/outbox';
import { priorityOf } from './outbox/priority';
import { unavailable } from './outbox/refusals';
import { OutboxWriter, type OutboxWriterParts } from './outbox-writer';
import type { People } from './people';
import type { BotGate } from './privacy/bot-gate';
import {
  decideConsent,
  withPrivacySignals,
  type ConsentDecision,
  type ConsentPolicy,
} from './privacy/consent-gate';
import { afterWithdrawal, PERSON_ERASED, type Withdrawal } from './privacy/consent-register';
import { asDecided } from './privacy/cookieless';
import { cleanId } from './privacy/free-text';
import type { MinimizationRules } from './privacy/minimization.options';
import { minimizeEvent } from './privacy/minimize-event';
import type { PageUrlOptions } from './privacy/page-url';
import { protectEvent } from './privacy/protect-event';
import type { ProtectUserDataOptions } from './privacy/protect-user-data';
import { isEmail, MAX_OWNERS, type Subjects } from './privacy/subjects';
import type { SentEvents } from './sent-events';
import type { DestinationSummary } from './tracking-status';

/** What decides on an event. */
export interface EventIntakeParts extends OutboxWriterParts {
  readonly destinations: readonly Destination[];
  /** Every destination of the catalog, the disabled ones too. */
  readonly summaries: readonly DestinationSummary[];
  readonly contexts: EventContexts;
  readonly people: People;
  readonly audit: AuditTrail | undefined;
  readonly consent: ConsentPolicy;
  readonly privacy: ProtectUserDataOptions & PageUrlOptions;
  /** By destination; one without an entry gets everything. */
  readonly minimization: ReadonlyMap<string, MinimizationRules>;
  /** Without one, bots are sent. */
  readonly bots: BotGate | undefined;
  readonly matchQuality: MatchQualityBoard;
  readonly sent: SentEvents;
  readonly clock: Clock;
}

/** Whose an event is, for those who take consent back later. */
interface EventPerson {
  readonly owners: readonly string[];
  /** When the consent that it goes out with was given, or changed by a withdrawal, as far as that is known. */
  readonly consentAtMs: number | undefined;
}

interface OwnersAnswer {
  readonly owners: readonly string[];
  readonly withdrawal: Promise<Withdrawal | undefined>;
}

/** A destination that gets the event, and as what. */
interface ChosenDestination {
  readonly destination: Destination;
  readonly decision: Extract<ConsentDecision, { kind: 'send' }>;
}

/** Everything that happens to an event on the host's thread: the line, left of the outbox. */
export class EventIntake {
  private readonly writer: OutboxWriter;
  /** For the moment until the outbox has taken them; it puts those that stay where they belong. */
  private readonly packer: WirePacker | undefined;

  constructor(private readonly parts: EventIntakeParts) {
    this.writer = new OutboxWriter(parts);
    if (parts.outbox.takesPackedWires === true) this.packer = new WirePacker();
  }

  /** Complete, join the context, ask consent, protect, encode, store. */
  async take(
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
      const asked = this.askOwners(event.user, found, name, given);
      const answer = asked instanceof Promise ? await asked : asked;
      withdrawal = await answer.withdrawal;
      // Not before it is known that they may be named at all.
      owners = answer.owners;
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
    const sent = audit === undefined ? undefined : new Map<string, readonly string[]>();
    if (chosen.length > 0) {
      const person = { owners, consentAtMs: decidedAt(consent, withdrawal) };
      const guarded = protectEvent(event, context, consent, this.parts.privacy, problems);
      const stored = await this.writer.store(
        this.encodeAll(chosen, guarded, event, person, nowMs, receipts, sent),
        receipts,
        options,
      );
      // Nobody has the entries any more: a wait until they are settled would keep all that lies beside them.
      if (stored?.settled !== undefined) await stored.settled;
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
          fields: sent?.get(destination),
        });
    return receiptOf(event.eventId, receipts, problems);
  }

  /** Whose the event is, and what they took back. Rejects where the storage that knows them is out of reach. */
  private askOwners(
    user: UserData,
    found: FoundContext,
    name: EventName,
    consent: Consent,
  ): OwnersAnswer | Promise<OwnersAnswer> {
    const subjects = this.parts.people.subjects();
    if (subjects instanceof Promise)
      return subjects.then((known) => this.ownersOf(known, user, found, name, consent));
    return this.ownersOf(subjects, user, found, name, consent);
  }

  private ownersOf(
    subjects: Subjects,
    user: UserData,
    found: FoundContext,
    name: EventName,
    { analyticsStorage }: Consent,
  ): OwnersAnswer | Promise<OwnersAnswer> {
    const { people, contexts } = this.parts;
    const { context, keptFor } = found;
    const own = subjects.of(user, context.visitorId);
    const { visitorId } = context;
    const isJoined = analyticsStorage !== 'denied';
    const browser = visitorId === undefined ? undefined : subjects.visitor(visitorId);
    const visitor = isJoined && browser !== undefined ? [browser] : NOBODY;
    const isSignedIn = name === 'sign_up' || name === 'login';
    // An account's own address belongs to it; what somebody types elsewhere may be anybody's.
    const linked = isSignedIn ? own : own.filter((one) => !isEmail(one));
    const names = visitor.length > 0 || isSignedIn ? [...new Set([...linked, ...visitor])] : NOBODY;
    const owners =
      keptFor === undefined ? own : [...new Set([...own, ...keptFor])].slice(0, MAX_OWNERS);
    const answer = () => ({ owners, withdrawal: people.link(names, linked, owners, browser) });
    return contexts.noteUse(found, own)?.then(answer) ?? answer();
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
      if (destinations.some((destination) => destination.name === name)) continue;
      receipts[name] = { kind: 'skipped', reason: 'is not enabled' };
      if (summaries.some((summary) => summary.name === name)) continue;
      const known = summaries.map((summary) => summary.name).join(', ');
      problems.push({
        field: 'only',
        code: 'invalid',
        message: `names no destination; known are ${known}`,
      });
    }
    const chosen: ChosenDestination[] = [];
    for (const destination of destinations) {
      const { name } = destination;
      if (only !== undefined && !only.includes(name)) continue;
      const decision = decideConsent(consent, destination, policy);
      if (withdrawal?.erasedAtMs !== undefined)
        receipts[name] = { kind: 'skipped', reason: PERSON_ERASED };
      else if (decision.kind === 'send') chosen.push({ destination, decision });
      else receipts[name] = { kind: 'skipped', reason: reasonOf(decision.reason, withdrawal) };
    }
    return chosen;
  }

  /** @param sent is told what each destination gets, where somebody keeps a record of it. */
  private encodeAll(
    chosen: readonly ChosenDestination[],
    guarded: ProtectedEvent,
    event: CompletedEvent,
    person: EventPerson,
    nowMs: number,
    receipts: Record<string, DestinationReceipt>,
    sent: Map<string, readonly string[]> | undefined,
  ): OutboxEntry[] {
    const entries: OutboxEntry[] = [];
    for (const { destination, decision } of chosen) {
      const decided = this.minimized(destination, asDecided(guarded, decision));
      sent?.set(destination.name, fieldsOf(destination, decided));
      const entry = this.encode(destination, decided, event, person, nowMs, receipts);
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
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
  ): OutboxEntry | undefined {
    const { name, limits } = destination;
    if (nowMs - event.occurredAtMs > limits.maxEventAgeMs) {
      const message = `is older than the ${Math.round(limits.maxEventAgeMs / 3_600_000)} hours that ${name} takes`;
      receipts[name] = {
        kind: 'rejected',
        problems: [{ field: 'occurredAt', code: 'too_old', message }],
      };
      return undefined;
    }
    const encoding = destination.encode(guarded);
    switch (encoding.kind) {
      case 'unsupported':
        receipts[name] = { kind: 'skipped', reason: encoding.reason };
        return undefined;
      case 'invalid': {
        const { field = 'event', code = 'invalid', reason: message } = encoding;
        if (code === 'too_weak') this.parts.matchQuality.note(name, guarded, true);
        receipts[name] = { kind: 'rejected', problems: [{ field, code, message }] };
        return undefined;
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
        const isSomeones = person.owners.length > 0;
        return {
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
          subjects: isSomeones ? person.owners : undefined,
          consentAtMs: isSomeones ? person.consentAtMs : undefined,
          wire: this.packer?.pack(wire) ?? wire,
        };
      }
    }
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

const NOBODY: readonly string[] = [];
const QUEUED: DestinationReceipt = { kind: 'queued' };
const BOT: DestinationReceipt = { kind: 'skipped', reason: 'bot' };
