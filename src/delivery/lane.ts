import type { Clock } from '../clock';
import type { DeliveryOutcome, Destination } from '../destinations/destination';
import { CONSENT_PURPOSES } from '../events/consent';
import { errorName } from '../events/problem';
import type { ActivityStream } from '../outbox/activity';
import type { LaneHealthBoard } from '../outbox/lane-health';
import type { ApplySteps, EntryHandler, LeasedEntry, NextStep } from '../outbox/outbox';
import { SETTLE } from '../outbox/settle';
import { groupIntoBatches } from './batches';
import { Breaker } from './breaker';
import { Deadlines } from './deadlines';
import { Limiter } from './limiter';
import { nextStep, PAUSE_MS } from './next-step';
import { RateLimit } from './rate-limit';
import { GATE_ANSWER_MS, type SendGate } from './send-gate';
import { boundedDelayMs, type RetryPolicy } from './retry-policy';

export interface LaneSettings {
  /** At most so many events in one request; never more than the platform takes. */
  readonly maxBatchEvents: number;
  /** How many requests may be under way at once. */
  readonly concurrency: number;
  /** `Infinity`: as many as it takes. */
  readonly maxRequestsPerSecond: number;
  readonly lingerMs: number;
  /** Deadline of one request, from connect to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
}

/** Tells what happened to people and counters; never holds an event's content. */
export interface LaneReport {
  /** Said once when the lane pauses, not for every entry. */
  paused(destination: string, reason: string): void;
  deadLettered(destination: string, eventId: string, reason: string): void;
  failed(destination: string, reason: string): void;
  /** What becomes of each entry, where somebody keeps a record of it. */
  ended?(entry: LeasedEntry, step: NextStep): void;
}

/**
 * Carries leased entries of one destination to it and says what becomes of each. Knows no platform
 * and no storage.
 */
export class Lane {
  private readonly limiter: Limiter;
  private readonly deadlines: Deadlines;
  private readonly rate: RateLimit;
  private readonly breaker: Breaker;
  /** Why and until when nothing is sent; each request that is not sent has this outcome. */
  private stopped: { readonly outcome: DeliveryOutcome; readonly untilMs: number } | undefined;
  private isPaused = false;
  private pauses = 0;
  private isAborted = false;

  constructor(
    private readonly destination: Destination,
    private readonly settings: LaneSettings,
    private readonly clock: Clock,
    private readonly health: LaneHealthBoard,
    private readonly report: LaneReport,
    private readonly activity: ActivityStream,
    private readonly gate?: SendGate,
    private readonly random: () => number = Math.random,
  ) {
    this.limiter = new Limiter(settings.concurrency);
    this.deadlines = new Deadlines(clock, settings.timeoutMs);
    this.rate = new RateLimit(clock, settings.maxRequestsPerSecond);
    this.breaker = new Breaker(clock, random);
  }

  /** The handler that an outbox calls. What a request says of its events is applied when it is answered. */
  readonly handle: EntryHandler = async (entries, apply) => {
    const handOver: HandOver = {
      entries,
      apply,
      steps: new Array<NextStep>(entries.length),
      pauses: this.pauses,
    };
    const asking = this.ask(entries);
    const stopped = asking === undefined ? undefined : await asking;
    const askedAtMs = this.clock.now();
    const fresh: number[] = [];
    const held: number[] = [];
    const why: LaneOutcome[] = [];
    for (let at = 0; at < entries.length; at += 1) {
      const isExpired = this.isExpired(entries[at] as LeasedEntry, askedAtMs);
      const known = isExpired ? this.expired() : stopped?.[at];
      if (known === undefined) {
        fresh.push(at);
      } else {
        held.push(at);
        why.push(known);
      }
    }
    if (held.length > 0)
      this.finish(
        handOver,
        held,
        held.map((at) => entries[at] as LeasedEntry),
        why,
      );
    const batches = groupIntoBatches(
      fresh.map((at) => (entries[at] as LeasedEntry).wire),
      {
        maxBatchEvents: this.settings.maxBatchEvents,
        maxBatchBytes: this.destination.limits.maxBatchBytes,
      },
    );
    await this.limiter.forEach(batches, (batch) =>
      this.deliver(
        handOver,
        batch.map((at) => fresh[at] as number),
        askedAtMs,
      ),
    );
    return handOver.steps;
  };

  /** Cuts off every request under way and starts no other; their entries stay pending. */
  abort(): void {
    this.isAborted = true;
    this.rate.release();
    this.deadlines.abortAll();
  }

  /**
   * Sends entries at these places in one request, for who has come in; leaves. A refused batch is halved until the culprits stand alone, so that the
   * good events pass: at most `2·p·ceil(log2 n)` further requests for `p` culprits in `n`.
   */
  private async deliver(
    handOver: HandOver,
    places: readonly number[],
    askedAtMs: number,
  ): Promise<void> {
    const entries = places.map((at) => handOver.entries[at] as LeasedEntry);
    let outcomes: readonly LaneOutcome[];
    try {
      outcomes = await this.attempt(entries, askedAtMs);
    } finally {
      this.limiter.leave();
    }
    if (places.length === 1 || !outcomes.every(({ kind }) => kind === 'batch-refused')) {
      this.finish(handOver, places, entries, outcomes);
      return;
    }
    const middle = Math.ceil(places.length / 2);
    for (const half of [places.slice(0, middle), places.slice(middle)]) {
      const room = this.limiter.enter();
      if (room !== undefined) await room;
      await this.deliver(handOver, half, askedAtMs);
    }
  }

  private attempt(
    entries: readonly LeasedEntry[],
    askedAtMs: number,
  ): Promise<readonly LaneOutcome[]> | readonly LaneOutcome[] {
    // Before it asks for a turn: nobody calls it any more.
    if (this.isAborted) return entries.map(() => SHUT_DOWN);
    const turn = this.rate.turn();
    return turn === undefined
      ? this.attemptNow(entries, askedAtMs)
      : turn.then(() => this.attemptNow(entries, askedAtMs));
  }

  private attemptNow(
    entries: readonly LeasedEntry[],
    askedAtMs: number,
  ): Promise<readonly LaneOutcome[]> | readonly LaneOutcome[] {
    if (this.isAborted) return entries.map(() => SHUT_DOWN);
    const nowMs = this.clock.now();
    // What was still to be sent when the lane was stopped waits with the others.
    const { stopped } = this;
    if (stopped !== undefined && nowMs + TIMER_SLACK_MS < stopped.untilMs)
      return entries.map(() => stopped.outcome);
    // It may have waited for its turn, and meanwhile somebody may have taken consent back.
    return nowMs - askedAtMs < GATE_ANSWER_MS ? this.send(entries) : this.sendAllowed(entries);
  }

  private async sendAllowed(entries: readonly LeasedEntry[]): Promise<readonly LaneOutcome[]> {
    const known = (await this.ask(entries)) ?? [];
    const allowed = entries.filter((_entry, index) => known[index] === undefined);
    const sent = allowed.length === 0 ? [] : await this.send(allowed);
    let next = 0;
    return entries.map((_entry, index) => known[index] ?? sent[next++] ?? NO_OUTCOME);
  }

  private async send(entries: readonly LeasedEntry[]): Promise<readonly DeliveryOutcome[]> {
    try {
      const wires = entries.map(({ wire }) => wire);
      const outcomes = await this.destination.deliver(wires, this.deadlines.start());
      this.note(outcomes);
      return outcomes;
    } catch (error) {
      // Destinations return outcomes; one that throws has a fault, and the events are not to blame.
      const outcome: DeliveryOutcome = {
        kind: 'retryable',
        reason: `internal fault: ${errorName(error)}`,
      };
      this.note([outcome]);
      return entries.map(() => outcome);
    }
  }

  /** What becomes of the entries that the gate holds back; `undefined`: there is nobody to ask, or nothing. */
  private ask(
    entries: readonly LeasedEntry[],
  ): Promise<readonly (LaneOutcome | undefined)[]> | undefined {
    const { gate } = this;
    if (gate === undefined || entries.every(({ subjects }) => subjects === undefined))
      return undefined;
    return gate.isOpen?.(entries) === true ? undefined : this.answerOf(gate, entries);
  }

  private async answerOf(
    gate: SendGate,
    entries: readonly LeasedEntry[],
  ): Promise<readonly (LaneOutcome | undefined)[]> {
    try {
      const reasons = await gate.check(entries, this.destination.usesConsent ?? CONSENT_PURPOSES);
      return reasons.map((reason) =>
        reason === undefined ? undefined : { kind: 'withheld', reason },
      );
    } catch (error) {
      // Nothing goes out that somebody may have forbidden.
      const reason = `whether consent still stands cannot be known: ${errorName(error)}`;
      return entries.map(() => ({ kind: 'retryable', reason }));
    }
  }

  private note(outcomes: readonly DeliveryOutcome[]): void {
    const { name } = this.destination;
    const permanent = outcomes.find((outcome) => outcome.kind === 'permanent');
    const retryable = outcomes.find((outcome) => outcome.kind === 'retryable');
    if (permanent !== undefined) {
      this.stop(permanent, PAUSE_MS);
      if (this.health.paused(name, permanent.reason)) this.report.paused(name, permanent.reason);
    } else if (retryable !== undefined) {
      this.breaker.failed();
      const { retryAfterMs } = retryable;
      const askedMs =
        retryAfterMs === undefined ? 0 : boundedDelayMs(this.settings.retry, retryAfterMs);
      this.stop(retryable, Math.max(this.breaker.openForMs, askedMs));
      this.health.failed(name, retryable.reason);
      this.report.failed(name, retryable.reason);
    } else {
      // The platform answered sensibly, be it with a refusal of an event.
      this.stopped = undefined;
      this.breaker.succeeded();
      this.health.delivered(name);
    }
  }

  private stop(outcome: DeliveryOutcome, forMs: number): void {
    if (forMs > 0) this.stopped = { outcome, untilMs: this.clock.now() + forMs };
  }

  /** Says what becomes of the entries at these places, which have these outcomes. */
  private finish(
    handOver: HandOver,
    places: readonly number[],
    entries: readonly LeasedEntry[],
    outcomes: readonly LaneOutcome[],
  ): void {
    const random = this.random();
    const steps = new Array<NextStep>(places.length);
    for (let index = 0; index < places.length; index += 1) {
      const step = this.step(entries[index] as LeasedEntry, outcomes[index], random);
      steps[index] = step;
      handOver.steps[places[index] as number] = step;
    }
    if (this.activity.isHeard) this.tell(handOver, entries, steps);
    if (this.report.ended !== undefined)
      for (const [index, entry] of entries.entries())
        this.report.ended(entry, steps[index] as NextStep);
    // Of one request alone it is known when this is over.
    if (places.length < handOver.entries.length) handOver.apply?.(entries, steps);
  }

  private step(entry: LeasedEntry, outcome: LaneOutcome | undefined, random: number): NextStep {
    if (outcome?.kind === 'delivered') return SETTLE;
    if (outcome?.kind === 'withheld') return { kind: 'drop', reason: outcome.reason };
    if (outcome?.kind === 'expired') return { kind: 'expire', reason: outcome.reason };
    const facts = {
      attempts: entry.attempts + 1,
      pendingMs: this.clock.now() - entry.acceptedAtMs,
      random,
      openForMs: this.breaker.openForMs,
    };
    const step = nextStep(outcome ?? NO_OUTCOME, facts, this.settings.retry);
    if (step.kind === 'dead-letter')
      this.report.deadLettered(this.destination.name, entry.eventId, step.reason);
    return step;
  }

  private tell(
    handOver: HandOver,
    entries: readonly LeasedEntry[],
    steps: readonly NextStep[],
  ): void {
    const { name } = this.destination;
    const pause = steps.find((step) => step.kind === 'pause-destination');
    // What was under way before a pause says nothing of how it is after it, nor does what was not sent.
    const isOfNow = handOver.pauses === this.pauses;
    if (pause === undefined && this.isPaused && isOfNow && steps.some(isAnswered)) {
      this.isPaused = false;
      this.activity.tell({ kind: 'resumed', destination: name });
    }
    for (const [index, { eventId, eventName, attempts, acceptedAtMs }] of entries.entries()) {
      const event = { destination: name, eventId, eventName };
      const step = steps[index] as NextStep;
      switch (step.kind) {
        case 'settle': {
          const delayMs = this.clock.now() - acceptedAtMs;
          this.activity.tell({ kind: 'delivered', ...event, delayMs, attempts: attempts + 1 });
          break;
        }
        case 'retry': {
          const { reason, delayMs: retryInMs } = step;
          this.activity.tell({
            kind: 'retried',
            ...event,
            reason,
            attempts: attempts + 1,
            retryInMs,
          });
          break;
        }
        case 'dead-letter':
          this.activity.tell({
            kind: 'dead-lettered',
            ...event,
            reason: step.reason,
            attempts: attempts + 1,
          });
          break;
        case 'expire':
          this.activity.tell({ kind: 'expired', ...event, reason: step.reason });
          break;
        case 'drop':
          this.activity.tell({ kind: 'dropped', ...event, reason: step.reason });
          break;
        case 'pause-destination':
          break;
      }
    }
    if (pause === undefined || (this.isPaused && !isOfNow)) return;
    this.isPaused = true;
    this.pauses += 1;
    this.activity.tell({
      kind: 'paused',
      destination: name,
      reason: pause.reason,
      forMs: pause.delayMs,
    });
  }

  private isExpired(entry: LeasedEntry, nowMs: number): boolean {
    return nowMs - entry.occurredAtMs > this.destination.limits.maxEventAgeMs;
  }

  private expired(): LaneOutcome {
    const hours = Math.round(this.destination.limits.maxEventAgeMs / 3_600_000);
    return { kind: 'expired', reason: `older than the ${hours} hours that the platform takes` };
  }
}

/** Entries that came together, on their way in as many requests as it takes. */
interface HandOver {
  readonly entries: readonly LeasedEntry[];
  readonly apply: ApplySteps | undefined;
  /** Of those that have one by now, in the order of the entries. */
  readonly steps: NextStep[];
  /** How often the lane had told of a pause when they came. */
  readonly pauses: number;
}

/** What became of an entry here: at the platform, or before it got there. */
type LaneOutcome =
  | DeliveryOutcome
  | { readonly kind: 'withheld'; readonly reason: string }
  | { readonly kind: 'expired'; readonly reason: string };

const NO_OUTCOME: DeliveryOutcome = { kind: 'retryable', reason: 'internal fault: no outcome' };

/** A timer may fire a little before its time, and the probe must not be taken for one that came too early. */
const TIMER_SLACK_MS = 50;

const SHUT_DOWN: DeliveryOutcome = { kind: 'retryable', reason: 'the application shut down' };

/** Whether the platform may have had a say in it. */
function isAnswered({ kind }: NextStep): boolean {
  return kind !== 'expire' && kind !== 'drop';
}
