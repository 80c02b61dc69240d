import assert from 'node:assert/strict';

import type { NextStep, Outbox, OutboxEntry, LeasedEntry, LaneOptions } from '../outbox/outbox';
import { FakeClock } from './fake-clock';
import { testRunner } from './test-runner';

/** One member of the contract, made anew for each test. */
export interface OutboxSubject {
  /** @param maxPendingEntries bound over which new entries are refused. */
  create(clock: FakeClock, maxPendingEntries: number): Promise<Outbox> | Outbox;
}

/** The contract of an outbox as tests: what every member has to keep, whatever it stands on. */
export function describeOutbox(name: string, subject: OutboxSubject): void {
  const { describe, it } = testRunner();
  describe(`outbox contract: ${name}`, () => {
    const rule = (title: string, body: (outbox: Outbox, clock: FakeClock) => Promise<void>) => {
      it(title, async () => {
        const clock = new FakeClock();
        const outbox = await subject.create(clock, 10);
        try {
          await body(outbox, clock);
        } finally {
          await outbox.close();
        }
      });
    };

    rule('hands every stored entry over once and counts it as delivered', async (outbox, clock) => {
      const handed: string[] = [];
      outbox.consume(lane(), (entries) => {
        handed.push(...entries.map(({ key }) => key));
        return Promise.resolve(entries.map(() => SETTLE));
      });
      const results = await outbox.append([entry('a'), entry('b'), entry('c')]);
      await clock.advance(1_000);
      assert.deepEqual(
        results.map(({ kind }) => kind),
        ['stored', 'stored', 'stored'],
      );
      assert.deepEqual(handed, ['a', 'b', 'c']);
      assert.deepEqual(await counts(outbox), {
        accepted: 3,
        pending: 0,
        delivered: 3,
        deadLettered: 0,
        expired: 0,
      });
    });

    rule('keeps what is appended before there is a consumer', async (outbox, clock) => {
      await outbox.append([entry('a')]);
      assert.equal((await counts(outbox)).pending, 1);
      outbox.consume(lane(), settleAll);
      await clock.advance(1_000);
      assert.equal((await counts(outbox)).delivered, 1);
    });

    rule(
      'answers duplicate for a key of the last 48 hours, and stores it again after',
      async (outbox, clock) => {
        outbox.consume(lane(), settleAll);
        await outbox.append([entry('a')]);
        const [within] = await outbox.append([entry('a')]);
        await clock.advance(48 * 3_600_000 + 1);
        const [after] = await outbox.append([entry('a')]);
        assert.equal(within?.kind, 'duplicate');
        assert.equal(after?.kind, 'stored');
      },
    );

    rule('answers duplicate for the second of two equal keys in one call', async (outbox) => {
      const results = await outbox.append([entry('a'), entry('a')]);
      assert.deepEqual(
        results.map(({ kind }) => kind),
        ['stored', 'duplicate'],
      );
    });

    rule(
      'keeps destinations apart: one that is stuck does not hold up another',
      async (outbox, clock) => {
        const delivered: string[] = [];
        const release = consumeStuck(outbox);
        outbox.consume(lane({ destination: 'well' }), (entries) => {
          delivered.push(...entries.map(({ key }) => key));
          return Promise.resolve(entries.map(() => SETTLE));
        });
        await outbox.append([entry('a', 'stuck'), entry('b', 'well')]);
        await clock.advance(1_000);
        assert.deepEqual(delivered, ['b']);
        release();
      },
    );

    rule('waits for company no longer than the linger', async (outbox, clock) => {
      const sizes: number[] = [];
      outbox.consume(lane({ lingerMs: 50 }), (entries) => {
        sizes.push(entries.length);
        return Promise.resolve(entries.map(() => SETTLE));
      });
      await outbox.append([entry('a')]);
      await clock.advance(30);
      await outbox.append([entry('b')]);
      assert.deepEqual(sizes, []);
      await clock.advance(30);
      assert.deepEqual(sizes, [2]);
    });

    rule(
      'hands over at most maxEntries at once, and a full batch without lingering',
      async (outbox, clock) => {
        const sizes: number[] = [];
        outbox.consume(lane({ maxEntries: 2, lingerMs: 60_000, concurrency: 1 }), (entries) => {
          sizes.push(entries.length);
          return Promise.resolve(entries.map(() => SETTLE));
        });
        await outbox.append([entry('a'), entry('b'), entry('c'), entry('d')]);
        await clock.advance(1);
        assert.deepEqual(sizes, [2, 2]);
      },
    );

    rule('runs at most `concurrency` hand-overs at once', async (outbox, clock) => {
      let running = 0;
      let most = 0;
      outbox.consume(lane({ maxEntries: 1, concurrency: 2 }), async (entries) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return entries.map(() => SETTLE);
      });
      await outbox.append(['a', 'b', 'c', 'd', 'e'].map((key) => entry(key)));
      for (let turn = 0; turn < 20; turn += 1) await clock.advance(10);
      assert.equal(most, 2);
      assert.equal((await counts(outbox)).delivered, 5);
    });

    rule(
      'hands a retried entry over again after its delay, with the same bytes and one attempt more',
      async (outbox, clock) => {
        const seen: LeasedEntry[] = [];
        outbox.consume(lane(), (entries) => {
          seen.push(...entries.map((one) => ({ ...one })));
          return Promise.resolve(
            entries.map(({ attempts }): NextStep => (attempts === 0 ? retryIn(5_000) : SETTLE)),
          );
        });
        await outbox.append([entry('a')]);
        await clock.advance(4_000);
        assert.equal(seen.length, 1);
        assert.equal((await counts(outbox)).pending, 1);
        await clock.advance(2_000);
        assert.deepEqual(
          seen.map(({ attempts }) => attempts),
          [0, 1],
        );
        assert.deepEqual(seen[1]?.wire, seen[0]?.wire);
        assert.equal((await counts(outbox)).delivered, 1);
      },
    );

    rule('settles each entry of a hand-over by its own step', async (outbox, clock) => {
      const steps: Record<string, NextStep> = {
        a: SETTLE,
        b: { kind: 'dead-letter', reason: 'bad' },
        c: { kind: 'expire', reason: 'old' },
        d: retryIn(3_600_000),
      };
      outbox.consume(lane(), (entries) =>
        Promise.resolve(entries.map(({ key }) => steps[key] ?? SETTLE)),
      );
      await outbox.append(['a', 'b', 'c', 'd'].map((key) => entry(key)));
      await clock.advance(1_000);
      assert.deepEqual(await counts(outbox), {
        accepted: 4,
        pending: 1,
        delivered: 1,
        deadLettered: 1,
        expired: 1,
      });
    });

    rule(
      'keeps dead letters with their reason, and hands them over again when redriven',
      async (outbox, clock) => {
        let isBad = true;
        outbox.consume(lane(), (entries) =>
          Promise.resolve(
            entries.map((): NextStep => (isBad ? { kind: 'dead-letter', reason: 'bad' } : SETTLE)),
          ),
        );
        await outbox.append([entry('a'), entry('b')]);
        await clock.advance(1_000);
        const letters = await outbox.deadLetters();
        assert.deepEqual(
          letters.map(({ entry: { key }, reason }) => [key, reason]),
          [
            ['a', 'bad'],
            ['b', 'bad'],
          ],
        );
        isBad = false;
        assert.equal(await outbox.redrive({ keys: ['b'] }), 1);
        await clock.advance(1_000);
        assert.deepEqual(await counts(outbox), {
          accepted: 2,
          pending: 0,
          delivered: 1,
          deadLettered: 1,
          expired: 0,
        });
      },
    );

    rule(
      'hands nothing over while a destination is paused, and all of it after',
      async (outbox, clock) => {
        let isPaused = true;
        const handed: string[] = [];
        outbox.consume(lane(), (entries) => {
          handed.push(...entries.map(({ key, attempts }) => `${key}${attempts}`));
          return Promise.resolve(
            entries.map((): NextStep =>
              isPaused ? { kind: 'pause-destination', delayMs: 60_000, reason: 'token' } : SETTLE,
            ),
          );
        });
        await outbox.append([entry('a')]);
        await clock.advance(1_000);
        await outbox.append([entry('b')]);
        await clock.advance(30_000);
        assert.deepEqual(handed, ['a0']);
        isPaused = false;
        await clock.advance(60_000);
        assert.deepEqual(handed, ['a0', 'a0', 'b0']);
        assert.equal((await counts(outbox)).delivered, 2);
      },
    );

    rule(
      'refuses new entries over its bound and loses none of the others',
      async (outbox, clock) => {
        const results = await outbox.append(
          Array.from({ length: 12 }, (_unused, index) => entry(`k${index}`)),
        );
        assert.deepEqual(
          results.slice(9).map(({ kind }) => kind),
          ['stored', 'refused', 'refused'],
        );
        outbox.consume(lane(), settleAll);
        await clock.advance(1_000);
        assert.equal((await counts(outbox)).delivered, 10);
        const [again] = await outbox.append([entry('k11')]);
        assert.equal(again?.kind, 'stored');
      },
    );

    rule('tells a listener once how its entry ended', async (outbox, clock) => {
      const told: string[] = [];
      outbox.onSettled('a', (settlement) => told.push(settlement.kind));
      outbox.onSettled('b', (settlement) => told.push(settlement.kind))();
      outbox.consume(lane(), settleAll);
      await outbox.append([entry('a'), entry('b')]);
      await clock.advance(1_000);
      assert.deepEqual(told, ['delivered']);
    });

    rule('keeps the bound of one destination away from another', async (outbox) => {
      await outbox.append(Array.from({ length: 10 }, (_unused, index) => entry(`k${index}`)));
      const results = await outbox.append([entry('over'), entry('other', 'tiktok')]);
      assert.deepEqual(
        results.map(({ kind }) => kind),
        ['refused', 'stored'],
      );
    });

    rule(
      'refuses entries after it was closed, and tells listeners that it is over',
      async (outbox) => {
        const told: string[] = [];
        await outbox.append([entry('a')]);
        outbox.onSettled('a', (settlement) => told.push(settlement.kind));
        await outbox.close();
        const [result] = await outbox.append([entry('b')]);
        assert.equal(result?.kind, 'refused');
        assert.deepEqual(told, ['pending']);
      },
    );

    rule('retries the entries of a handler that throws', async (outbox, clock) => {
      let calls = 0;
      outbox.consume(lane(), (entries) => {
        calls += 1;
        if (calls === 1) throw new Error('a fault');
        return Promise.resolve(entries.map(() => SETTLE));
      });
      await outbox.append([entry('a')]);
      await clock.advance(60_000);
      assert.equal((await counts(outbox)).delivered, 1);
    });

    rule('hands over nothing more after stop', async (outbox, clock) => {
      const consumer = outbox.consume(lane(), settleAll);
      await consumer.stop();
      await outbox.append([entry('a')]);
      await clock.advance(60_000);
      assert.equal((await counts(outbox)).pending, 1);
    });

    rule(
      'flush does not wait for a paused lane, nor for a retry beyond its time',
      async (outbox, clock) => {
        outbox.consume(lane(), (entries) =>
          Promise.resolve(
            entries.map(() => ({ kind: 'pause-destination', delayMs: 60_000, reason: 'token' })),
          ),
        );
        outbox.consume(lane({ destination: 'slow' }), (entries) =>
          Promise.resolve(entries.map(() => retryIn(60_000))),
        );
        await outbox.append([entry('a'), entry('b', 'slow')]);
        await clock.advance(1_000);
        const startedAt = performance.now();
        assert.equal(await outbox.flush(30_000), false);
        assert.ok(performance.now() - startedAt < 10_000);
        assert.equal((await counts(outbox)).pending, 2);
      },
    );

    rule('flush does not linger, and says whether all is settled', async (outbox) => {
      outbox.consume(lane({ lingerMs: 60_000 }), settleAll);
      await outbox.append([entry('a')]);
      assert.equal(await outbox.flush(1_000), true);
      assert.equal((await counts(outbox)).delivered, 1);
      const release = consumeStuck(outbox);
      await outbox.append([entry('b', 'stuck')]);
      assert.equal(await outbox.flush(20), false);
      release();
    });
  });
}

const SETTLE: NextStep = { kind: 'settle' };

const settleAll = (entries: readonly LeasedEntry[]): Promise<NextStep[]> =>
  Promise.resolve(entries.map(() => SETTLE));

/** A lane whose handler answers only when it is released. */
function consumeStuck(outbox: Outbox): () => void {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  outbox.consume(lane({ destination: 'stuck' }), (entries) =>
    released.then(() => entries.map(() => SETTLE)),
  );
  return release;
}

function retryIn(delayMs: number): NextStep {
  return { kind: 'retry', delayMs, reason: 'later' };
}

function lane(overrides: Partial<LaneOptions> = {}): LaneOptions {
  return { destination: 'meta', maxEntries: 100, concurrency: 4, lingerMs: 10, ...overrides };
}

function entry(key: string, destination = 'meta'): OutboxEntry {
  return {
    key,
    destination,
    eventId: `event-${key}`,
    eventName: 'purchase',
    occurredAtMs: 1_768_471_200_000,
    acceptedAtMs: 1_768_471_200_000,
    wire: { body: `{"event_id":"event-${key}"}`, envelope: '' },
  };
}

async function counts(outbox: Outbox): Promise<Record<string, number>> {
  const sums = { accepted: 0, pending: 0, delivered: 0, deadLettered: 0, expired: 0 };
  for (const stats of await outbox.stats()) {
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += stats[name];
  }
  return sums;
}
