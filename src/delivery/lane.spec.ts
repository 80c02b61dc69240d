import fc from 'fast-check';

import type { DeliveryOutcome, Destination } from '../destinations/destination';
import type { WireEvent } from '../events/wire-event';
import { ActivityStream } from '../outbox/activity';
import { LaneHealthBoard } from '../outbox/lane-health';
import type { LeasedEntry } from '../outbox/outbox';
import { FakeClock } from '../testing/fake-clock';
import { Deadlines } from './deadlines';
import { Lane, type LaneReport } from './lane';
import type { SendGate } from './send-gate';
import { DEFAULT_RETRY } from './retry-policy';

const QUIET: LaneReport = {
  paused: () => undefined,
  deadLettered: () => undefined,
  failed: () => undefined,
};

type Deliver = (
  batch: readonly WireEvent[],
  signal: AbortSignal,
) => Promise<readonly DeliveryOutcome[]>;

function laneTo(
  deliver: Deliver,
  settings: {
    concurrency?: number;
    maxBatchEvents?: number;
    maxRequestsPerSecond?: number;
    report?: Partial<LaneReport>;
    gate?: SendGate;
  } = {},
) {
  const clock = new FakeClock();
  const health = new LaneHealthBoard();
  const activity = new ActivityStream();
  const destination: Destination = {
    name: 'meta',
    limits: { maxBatchEvents: 1_000, maxBatchBytes: 1e9, maxEventAgeMs: 3_600_000 },
    requiredConsent: [],
    usesConsent: ['adStorage'],
    userDataForms: [],
    encode: () => ({ kind: 'unsupported', reason: 'not asked here' }),
    deliver,
  };
  const lane = new Lane(
    destination,
    {
      maxBatchEvents: settings.maxBatchEvents ?? 1_000,
      concurrency: settings.concurrency ?? 4,
      maxRequestsPerSecond: settings.maxRequestsPerSecond ?? Infinity,
      lingerMs: 0,
      timeoutMs: 10_000,
      retry: DEFAULT_RETRY,
    },
    clock,
    health,
    { ...QUIET, ...settings.report },
    activity,
    settings.gate,
    () => 0.5,
  );
  return { lane, clock, health, activity };
}

function entry(body: string, clock: FakeClock, overrides: Partial<LeasedEntry> = {}): LeasedEntry {
  const now = clock.now();
  return {
    key: body,
    destination: 'meta',
    eventId: body,
    eventName: 'purchase',
    occurredAtMs: now,
    acceptedAtMs: now,
    priority: 0,
    attempts: 0,
    wire: { body, envelope: '' },
    ...overrides,
  };
}

describe('Lane', () => {
  it('finds the culprits of a refused batch and delivers all others, within the bound of requests', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 1_000 }),
        fc.uniqueArray(fc.nat(999), { minLength: 1, maxLength: 5 }),
        async (size, at) => {
          const poison = new Set(at.map((index) => `e${index % size}`));
          let requests = 0;
          const { lane, clock } = laneTo((batch) => {
            requests += 1;
            const isRefused = batch.some(({ body }) => poison.has(body));
            return Promise.resolve(
              batch.map(() =>
                isRefused ? { kind: 'batch-refused', reason: 'bad' } : { kind: 'delivered' },
              ),
            );
          });
          const steps = await lane.handle(
            Array.from({ length: size }, (_unused, index) => entry(`e${index}`, clock)),
          );
          for (const [index, step] of steps.entries()) {
            expect(step.kind).toBe(poison.has(`e${index}`) ? 'dead-letter' : 'settle');
          }
          expect(requests).toBeLessThanOrEqual(1 + 2 * poison.size * Math.ceil(Math.log2(size)));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('expires what has become too old, without sending it, and sends the rest', async () => {
    const sent: string[] = [];
    const { lane, clock } = laneTo((batch) => {
      sent.push(...batch.map(({ body }) => body));
      return Promise.resolve(batch.map(() => ({ kind: 'delivered' })));
    });
    const old = entry('old', clock, { occurredAtMs: clock.now() - 3_600_001 });
    const steps = await lane.handle([old, entry('fresh', clock)]);
    expect(steps.map(({ kind }) => kind)).toEqual(['expire', 'settle']);
    expect(sent).toEqual(['fresh']);
  });

  it('ends an attempt at its deadline', async () => {
    const { lane, clock, health } = laneTo(
      (batch, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () =>
            resolve(batch.map(() => ({ kind: 'retryable', reason: 'deadline' }))),
          );
        }),
    );
    const handled = lane.handle([entry('a', clock)]);
    await clock.advance(9_999);
    expect(health.of('meta').state).toBe('ready');
    await clock.advance(21);
    expect(await handled).toEqual([{ kind: 'retry', delayMs: 500, reason: 'deadline' }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('delivers on when the clock is set back', () => {
    const now = { ms: 1_000_000_000_000 };
    const timers: (() => void)[] = [];
    const clock = {
      now: () => now.ms,
      after: (_delayMs: number, callback: () => void) => (timers.push(callback), () => undefined),
    };
    const deadlines = new Deadlines(clock, 1_000);
    const first = deadlines.start();
    for (const fire of timers) fire();
    now.ms -= 3_600_000;
    expect([first.aborted, deadlines.start().aborted]).toEqual([true, false]);
  });

  it('leaves no timer behind when it is aborted', async () => {
    const { lane, clock } = laneTo((batch) =>
      Promise.resolve(batch.map(() => ({ kind: 'delivered' }))),
    );
    await lane.handle([entry('a', clock)]);
    expect(clock.pendingTimers).toBe(1);
    lane.abort();
    expect(clock.pendingTimers).toBe(0);
  });

  it('runs at most so many requests at once', async () => {
    let running = 0;
    let most = 0;
    const { lane, clock } = laneTo(
      async (batch) => {
        running += 1;
        most = Math.max(most, running);
        await Promise.resolve();
        running -= 1;
        return batch.map(() => ({ kind: 'delivered' }));
      },
      { concurrency: 3, maxBatchEvents: 1 },
    );
    await lane.handle(Array.from({ length: 20 }, (_unused, index) => entry(`e${index}`, clock)));
    expect(most).toBe(3);
  });

  it('keeps events whose destination throws', async () => {
    const { lane, clock } = laneTo(() =>
      Promise.reject(new TypeError('a fault of ours with EAAtokenexample')),
    );
    expect(await lane.handle([entry('a', clock)])).toEqual([
      { kind: 'retry', delayMs: 500, reason: 'internal fault: TypeError' },
    ]);
  });

  it('says what becomes of the events of a request when it is answered, whatever others wait for', async () => {
    const answers = new Map<string, () => void>();
    const { lane, clock } = laneTo(
      (batch) =>
        new Promise((resolve) => {
          const [{ body }] = batch as [WireEvent];
          answers.set(body, () => {
            resolve(batch.map(() => ({ kind: 'delivered' })));
          });
        }),
      { concurrency: 2, maxBatchEvents: 1 },
    );
    const told: string[] = [];
    const old = entry('old', clock, { occurredAtMs: clock.now() - 3_600_001 });
    const entries = [entry('a', clock), entry('b', clock), old, entry('c', clock)];
    const handling = lane.handle(entries, (some, steps) => {
      for (const [index, { key }] of some.entries()) told.push(`${key} ${steps[index]?.kind}`);
    });
    await clock.advance(0);
    expect(told).toEqual(['old expire']);
    answers.get('b')?.();
    await clock.advance(0);
    expect(told).toEqual(['old expire', 'b settle']);
    answers.get('c')?.();
    answers.get('a')?.();
    await handling;
    expect(told).toEqual(['old expire', 'b settle', 'c settle', 'a settle']);
  });

  it('applies the good half of a refused batch before it has found the culprit in the other', async () => {
    const answers: (() => void)[] = [];
    const { lane, clock } = laneTo(
      (batch) =>
        new Promise((resolve) => {
          const isRefused = batch.some(({ body }) => body === 'poison');
          answers.push(() => {
            resolve(
              batch.map(() =>
                isRefused ? { kind: 'batch-refused', reason: 'bad' } : { kind: 'delivered' },
              ),
            );
          });
        }),
    );
    const told: string[] = [];
    const keys = ['a', 'b', 'poison', 'c'];
    const handling = lane.handle(
      keys.map((key) => entry(key, clock)),
      (some, steps) => {
        for (const [index, { key }] of some.entries()) told.push(`${key} ${steps[index]?.kind}`);
      },
    );
    for (let request = 0; request < 2; request += 1) {
      await clock.advance(0);
      answers[request]?.();
    }
    await clock.advance(0);
    expect(told).toEqual(['a settle', 'b settle']);
    for (let request = 2; request < 5; request += 1) {
      answers[request]?.();
      await clock.advance(0);
    }
    await handling;
    expect(told).toEqual(['a settle', 'b settle', 'poison dead-letter', 'c settle']);
  });

  it('tells of a pause once, and of its end when something that began after it has passed', async () => {
    const answers = new Map<string, (outcome: DeliveryOutcome) => void>();
    const { lane, clock, activity } = laneTo(
      (batch) =>
        new Promise((resolve) => {
          const [{ body }] = batch as [WireEvent];
          answers.set(body, (outcome) => {
            resolve([outcome]);
          });
        }),
      { concurrency: 8, maxBatchEvents: 1 },
    );
    const told: string[] = [];
    activity.subscribe(({ kind }) => {
      if (kind === 'paused' || kind === 'resumed') told.push(kind);
    });
    const refused: DeliveryOutcome = { kind: 'permanent', reason: 'token' };
    const first = lane.handle([entry('a', clock), entry('b', clock)]);
    const second = lane.handle([entry('c', clock)]);
    await clock.advance(0);
    answers.get('a')?.(refused);
    await clock.advance(0);
    // It was under way already.
    answers.get('c')?.({ kind: 'delivered' });
    await second;
    answers.get('b')?.(refused);
    await first;
    expect(told).toEqual(['paused']);
    await clock.advance(10_000);
    const expired = lane.handle([
      entry('old', clock, { occurredAtMs: clock.now() - 3_600_001 }),
      entry('d', clock),
    ]);
    await clock.advance(0);
    expect(told).toEqual(['paused']);
    answers.get('d')?.({ kind: 'delivered' });
    await expired;
    expect(told).toEqual(['paused', 'resumed']);
  });

  it('starts nothing after it was aborted', async () => {
    let requests = 0;
    const { lane, clock } = laneTo((batch) => {
      requests += 1;
      return Promise.resolve(batch.map(() => ({ kind: 'delivered' })));
    });
    lane.abort();
    expect((await lane.handle([entry('a', clock)])).map(({ kind }) => kind)).toEqual(['retry']);
    expect(requests).toBe(0);
  });

  it('lets all go at once when it is aborted, whatever may go out in a second', async () => {
    let requests = 0;
    const { lane, clock } = laneTo(
      (batch) => {
        requests += 1;
        return Promise.resolve(batch.map(() => ({ kind: 'delivered' })));
      },
      { concurrency: 2, maxBatchEvents: 1, maxRequestsPerSecond: 1 },
    );
    const entries = Array.from({ length: 8 }, (_one, index) => entry(`${index}`, clock));
    const handling = lane.handle(entries);
    await clock.advance(0);
    lane.abort();
    // No time passes any more.
    const kinds = (await handling).map(({ kind }) => kind);
    expect(requests).toBe(1);
    expect(kinds).toEqual(['settle', ...Array.from({ length: 7 }, () => 'retry')]);
  });

  it('says once that it pauses, and is ready again after a delivery', async () => {
    const told: string[] = [];
    let outcome: DeliveryOutcome = { kind: 'permanent', reason: 'token' };
    const { lane, clock, health } = laneTo((batch) => Promise.resolve(batch.map(() => outcome)), {
      report: { paused: (_destination, reason) => told.push(reason) },
    });
    await lane.handle([entry('a', clock)]);
    await lane.handle([entry('a', clock)]);
    expect(told).toEqual(['token']);
    expect(health.of('meta')).toEqual({ state: 'paused', reason: 'token' });
    outcome = { kind: 'delivered' };
    await clock.advance(8_000);
    await lane.handle([entry('a', clock)]);
    expect(health.of('meta')).toEqual({ state: 'ready' });
  });

  it('counts as failing after three failures in a row', async () => {
    const { lane, clock, health } = laneTo((batch) =>
      Promise.resolve(batch.map(() => ({ kind: 'retryable', reason: 'down' }))),
    );
    const states: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      await lane.handle([entry('a', clock)]);
      states.push(health.of('meta').state);
    }
    expect(states).toEqual(['ready', 'ready', 'failing']);
  });

  it('stops asking after five failures in a row, and keeps the entries as they are', async () => {
    let isDown = true;
    const { lane, clock } = laneTo((batch) =>
      Promise.resolve(
        batch.map(() => (isDown ? { kind: 'retryable', reason: 'down' } : { kind: 'delivered' })),
      ),
    );
    const kinds: string[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      const [step] = await lane.handle([entry('a', clock)]);
      kinds.push(step?.kind ?? '');
    }
    isDown = false;
    await clock.advance(1_000);
    const [last] = await lane.handle([entry('a', clock)]);
    expect(kinds).toEqual([
      'retry',
      'retry',
      'retry',
      'retry',
      'pause-destination',
      'pause-destination',
    ]);
    expect(last).toEqual({ kind: 'settle' });
  });

  it('sends none of the requests that were still to come when the platform went down', async () => {
    let requests = 0;
    const { lane, clock } = laneTo(
      (batch) => {
        requests += 1;
        return Promise.resolve(batch.map(() => ({ kind: 'retryable', reason: 'down' })));
      },
      { maxBatchEvents: 1, concurrency: 1 },
    );
    const steps = await lane.handle(
      Array.from({ length: 100 }, (_unused, index) => entry(`e${index}`, clock)),
    );
    expect(requests).toBe(5);
    expect(steps.filter(({ kind }) => kind === 'pause-destination').length).toBeGreaterThan(94);
  });

  it('pauses for all when the platform asks for time', async () => {
    const { lane, clock } = laneTo((batch) =>
      Promise.resolve(
        batch.map(() => ({ kind: 'retryable', reason: 'throttled', retryAfterMs: 7_000 })),
      ),
    );
    expect(await lane.handle([entry('a', clock), entry('b', clock)])).toEqual([
      { kind: 'pause-destination', delayMs: 7_000, reason: 'throttled' },
      { kind: 'pause-destination', delayMs: 7_000, reason: 'throttled' },
    ]);
  });

  it('asks before it sends whether consent still stands, and drops what may not go', async () => {
    const asked: unknown[] = [];
    const sent: string[] = [];
    const { lane, clock } = laneTo(
      (batch) => {
        sent.push(...batch.map(({ body }) => body));
        return Promise.resolve(batch.map(() => ({ kind: 'delivered' })));
      },
      {
        gate: {
          check: (entries, required) => {
            asked.push(required);
            return Promise.resolve(
              entries.map(({ eventId }) => (eventId === 'b' ? 'consent withdrawn' : undefined)),
            );
          },
        },
      },
    );
    const subjects = ['u1'];
    const steps = await lane.handle([
      entry('a', clock, { subjects }),
      entry('b', clock, { subjects }),
      entry('c', clock),
    ]);
    expect(steps).toEqual([
      { kind: 'settle' },
      { kind: 'drop', reason: 'consent withdrawn' },
      { kind: 'settle' },
    ]);
    expect(sent).toEqual(['a', 'c']);
    expect(asked).toEqual([['adStorage']]);
  });

  it('sends nothing while it cannot know whether consent still stands', async () => {
    const { lane, clock } = laneTo(() => Promise.reject(new Error('must not be called')), {
      gate: { check: () => Promise.reject(new Error('redis is away')) },
    });
    expect(await lane.handle([entry('a', clock, { subjects: ['u1'] })])).toEqual([
      {
        kind: 'retry',
        delayMs: expect.any(Number),
        reason: 'whether consent still stands cannot be known: Error',
      },
    ]);
  });

  it('asks again for what had to wait for its turn', async () => {
    let isWithdrawn = false;
    const sent: string[] = [];
    const { lane, clock } = laneTo(
      async (batch) => {
        sent.push(...batch.map(({ body }) => body));
        isWithdrawn = true;
        // The first request takes so long that what the gate said before it began is old.
        await clock.advance(1_500);
        return batch.map(() => ({ kind: 'delivered' }));
      },
      {
        maxBatchEvents: 1,
        concurrency: 1,
        gate: {
          check: (entries) =>
            Promise.resolve(entries.map(() => (isWithdrawn ? 'consent withdrawn' : undefined))),
        },
      },
    );
    const subjects = ['u1'];
    const steps = await lane.handle([
      entry('a', clock, { subjects }),
      entry('b', clock, { subjects }),
    ]);
    expect(sent).toEqual(['a']);
    expect(steps).toEqual([{ kind: 'settle' }, { kind: 'drop', reason: 'consent withdrawn' }]);
  });
});
