import assert from 'node:assert/strict';

import type {
  DeadLetterQuery,
  LaneOptions,
  LeasedEntry,
  NextStep,
  Outbox,
  OutboxEntry,
} from '../outbox/outbox';
import type { OutboxSettings } from '../outbox/outbox-settings';
import { SETTLE } from '../outbox/settle';
import { FakeClock } from './fake-clock';
import { testRunner } from './test-runner';

/** One member of the contract, on a storage made anew for each test. */
export interface OutboxSubject {
  create(clock: FakeClock, settings: Partial<OutboxSettings>): Promise<Outbox> | Outbox;
  /** Durable members: another outbox on the storage that `create` made last, as another process has it. */
  another?(clock: FakeClock, settings: Partial<OutboxSettings>): Promise<Outbox> | Outbox;
  /** Resolves when disks and servers have had the time to do what they were asked. */
  settle?(): Promise<void>;
}

/** The contract of an outbox as tests: what every member has to keep, whatever it stands on. */
export function describeOutbox(name: string, subject: OutboxSubject): void {
  const { describe, it } = testRunner();
  describe(`outbox contract: ${name}`, () => {
    const rule = (
      title: string,
      body: (outbox: Outbox, clock: SteppedClock) => Promise<void>,
      settings: Partial<OutboxSettings> = {},
    ) => {
      it(title, async () => {
        const clock = new SteppedClock(subject);
        const outbox = await subject.create(clock, { maxPendingEntries: 10, ...settings });
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
        delivered: 3,
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
        assert.deepEqual(
          seen.map(({ wire }) => [wire.body, wire.envelope]),
          [0, 1].map(() => [entry('a').wire.body, entry('a').wire.envelope]),
        );
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
      'applies a step when it is told, whatever the others of its hand-over wait for',
      async (outbox, clock) => {
        const settled: string[] = [];
        for (const key of ['a', 'b', 'c'])
          outbox.onSettled(key, ({ kind }) => settled.push(`${key} ${kind}`));
        const tried: string[] = [];
        let release = (): void => undefined;
        const released = new Promise<void>((resolve) => {
          release = resolve;
        });
        const member = { appliesEarly: true, applyLate: (): void => undefined };
        outbox.consume(lane(), async (entries, apply) => {
          const isFirst = tried.length === 0;
          tried.push(...entries.map(({ key, attempts }) => `${key}${attempts}`));
          if (!isFirst) return entries.map(() => SETTLE);
          const [first] = entries as [LeasedEntry];
          member.appliesEarly = apply !== undefined;
          member.applyLate = () =>
            apply?.(
              entries,
              entries.map(() => BAD),
            );
          // Of the second nothing is said yet.
          apply?.(entries.slice(0, 2), [SETTLE]);
          await released;
          // The first step is the one that counts.
          apply?.([first], [BAD]);
          return [member.appliesEarly ? BAD : SETTLE, BAD, retryIn(5_000)];
        });
        await outbox.append([entry('a'), entry('b'), entry('c')]);
        await clock.advance(1_000);
        assert.deepEqual(settled, member.appliesEarly ? ['a delivered'] : []);
        release();
        await clock.advance(1_000);
        assert.deepEqual(settled, ['a delivered', 'b dead-lettered']);
        member.applyLate();
        await clock.advance(10_000);
        await clock.advance(10);
        assert.deepEqual(tried, ['a0', 'b0', 'c0', 'c1']);
        assert.deepEqual(await counts(outbox), { accepted: 3, delivered: 2, deadLettered: 1 });
      },
    );

    rule(
      'pauses when it is told, and keeps the order of those that wait',
      async (outbox, clock) => {
        let isPaused = true;
        const handed: string[] = [];
        const stepOf = ({ key }: LeasedEntry) =>
          isPaused && key !== 'c' ? pauseFor(60_000) : SETTLE;
        outbox.consume(lane(), (entries, apply) => {
          handed.push(...entries.map(({ key }) => key));
          for (const one of entries.slice(1).reverse()) apply?.([one], [stepOf(one)]);
          return Promise.resolve(entries.map(stepOf));
        });
        await outbox.append(['a', 'b', 'c', 'd'].map((key) => entry(key)));
        await clock.advance(1_000);
        isPaused = false;
        await clock.advance(60_000);
        await clock.advance(10);
        assert.deepEqual(handed, ['a', 'b', 'c', 'd', 'a', 'b', 'd']);
        assert.equal((await counts(outbox)).delivered, 4);
      },
    );

    rule(
      'pauses for as long as the last of a hand-over asks, and lets one alone go ahead',
      async (outbox, clock) => {
        const sizes: number[] = [];
        const released: (() => void)[] = [];
        const wait = () =>
          new Promise<void>((resolve) => {
            released.push(resolve);
          });
        outbox.consume(lane({ maxEntries: 3, concurrency: 1 }), async (entries, apply) => {
          sizes.push(entries.length);
          if (sizes.length > 1) return entries.map(() => SETTLE);
          const steps = [pauseFor(60_000), pauseFor(60_000), retryIn(1_000)];
          for (const [index, one] of entries.entries()) {
            apply?.([one], [steps[index] as NextStep]);
            await wait();
          }
          return steps;
        });
        await outbox.append(['a', 'b', 'c'].map((key) => entry(key)));
        await clock.advance(30_000);
        await outbox.append(['d', 'e', 'f'].map((key) => entry(key)));
        released[0]?.();
        await clock.advance(10_000);
        released[1]?.();
        // The first pause is over by then, the second is not.
        await clock.advance(30_000);
        // What fails late says nothing of how it is after the pause.
        released[2]?.();
        await clock.advance(10_000);
        assert.deepEqual(sizes, [3]);
        await clock.advance(40_000);
        await clock.advance(1_000);
        await clock.advance(10);
        assert.equal(sizes[1], 1);
        assert.equal((await counts(outbox)).delivered, 6);
      },
    );

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
          delivered: 1,
          deadLettered: 1,
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

    rule(
      'hands over what is urgent first, and among equals what came first',
      async (outbox, clock) => {
        const handed: string[] = [];
        await outbox.append([
          entry('view', 'meta', 2),
          entry('lead', 'meta', 1),
          entry('buy1', 'meta', 0),
          entry('buy2', 'meta', 0),
        ]);
        outbox.consume(lane({ maxEntries: 2, concurrency: 1 }), (entries) => {
          handed.push(...entries.map(({ key }) => key));
          return Promise.resolve(entries.map(() => SETTLE));
        });
        await clock.advance(1_000);
        await clock.advance(1_000);
        assert.deepEqual(handed, ['buy1', 'buy2', 'lead', 'view']);
      },
    );

    rule(
      'lets one entry go ahead after a pause, and the others when it passed',
      async (outbox, clock) => {
        let isPaused = true;
        const sizes: number[] = [];
        outbox.consume(lane({ lingerMs: 0 }), (entries) => {
          sizes.push(entries.length);
          return Promise.resolve(
            entries.map((): NextStep => (isPaused ? pauseFor(60_000) : SETTLE)),
          );
        });
        await outbox.append(['a', 'b', 'c', 'd'].map((key) => entry(key)));
        await clock.advance(1_000);
        await clock.advance(60_000);
        isPaused = false;
        await clock.advance(60_000);
        await clock.advance(1_000);
        assert.deepEqual(sizes, [4, 1, 1, 3]);
        assert.equal((await counts(outbox)).delivered, 4);
      },
    );

    rule(
      'refuses entries over its bound in bytes',
      async (outbox) => {
        const results = await outbox.append([entry('a'), entry('b'), entry('c')]);
        assert.deepEqual(
          results.map(({ kind }) => kind),
          ['stored', 'stored', 'refused'],
        );
        const [stats] = await outbox.stats();
        assert.ok(stats !== undefined && stats.pendingBytes > 0 && stats.pendingBytes <= 800);
      },
      { maxPendingBytes: 800 },
    );

    rule(
      'makes room by dropping the oldest, and says so, where that is the policy',
      async (outbox, clock) => {
        const told: string[] = [];
        outbox.onSettled('a', ({ kind }) => told.push(kind));
        await outbox.append([entry('a'), entry('b', 'meta', 2)]);
        const [result] = await outbox.append([entry('c', 'meta', 2)]);
        assert.equal(result?.kind, 'stored');
        const handed = await handOverAll(outbox, clock);
        assert.deepEqual(handed, ['b', 'c']);
        assert.deepEqual(told, ['dropped']);
        assert.deepEqual(await counts(outbox), { accepted: 3, delivered: 2, dropped: 1 });
      },
      { maxPendingEntries: 2, overflow: 'drop-oldest' },
    );

    rule(
      'makes room by dropping the least urgent, but never for something less urgent still',
      async (outbox, clock) => {
        await outbox.append([entry('lead', 'meta', 1), entry('buy', 'meta', 0)]);
        const [view] = await outbox.append([entry('view', 'meta', 2)]);
        const [second] = await outbox.append([entry('buy2', 'meta', 0)]);
        assert.equal(view?.kind, 'refused');
        assert.equal(second?.kind, 'stored');
        assert.deepEqual(await handOverAll(outbox, clock), ['buy', 'buy2']);
        assert.deepEqual(await counts(outbox), { accepted: 3, delivered: 2, dropped: 1 });
      },
      { maxPendingEntries: 2, overflow: 'drop-lowest-priority' },
    );

    rule('finds dead letters by destination, name, ID, reason and age', async (outbox, clock) => {
      outbox.consume(lane(), (entries) =>
        Promise.resolve(
          entries.map(({ key }): NextStep => ({ kind: 'dead-letter', reason: `Bad ${key}` })),
        ),
      );
      await outbox.append([entry('a'), entry('b')]);
      await clock.advance(1_000);
      const beforeMs = clock.now() - 500;
      await clock.advance(10_000);
      await outbox.append([entry('c')]);
      await clock.advance(1_000);
      const found = async (query: DeadLetterQuery) =>
        (await outbox.deadLetters(query)).map((letter) => letter.entry.key).join();
      assert.equal(await found({}), 'a,b,c');
      assert.equal(await found({ destination: 'tiktok' }), '');
      assert.equal(await found({ destination: 'meta', eventName: 'purchase' }), 'a,b,c');
      assert.equal(await found({ eventName: 'lead' }), '');
      assert.equal(await found({ eventId: 'event-b' }), 'b');
      assert.equal(await found({ reason: 'bad C' }), 'c');
      assert.equal(await found({ keys: ['a', 'c'] }), 'a,c');
      assert.equal(await found({ limit: 2 }), 'a,b');
      const early = (await outbox.deadLetters({ beforeMs })).length;
      assert.ok(early <= 2, `${early} are older`);
    });

    rule(
      'purges the dead letters that are asked for, and counts them still',
      async (outbox, clock) => {
        outbox.consume(lane(), (entries) =>
          Promise.resolve(entries.map((): NextStep => ({ kind: 'dead-letter', reason: 'bad' }))),
        );
        await outbox.append([entry('a'), entry('b')]);
        await clock.advance(1_000);
        assert.equal(await outbox.purgeDeadLetters({ eventId: 'event-a' }), 1);
        assert.deepEqual(
          (await outbox.deadLetters()).map((letter) => letter.entry.key),
          ['b'],
        );
        assert.deepEqual(await counts(outbox), { accepted: 2, deadLettered: 2 });
      },
    );

    rule(
      'forgets dead letters that are too old',
      async (outbox, clock) => {
        outbox.consume(lane(), (entries) =>
          Promise.resolve(entries.map((): NextStep => ({ kind: 'dead-letter', reason: 'bad' }))),
        );
        await outbox.append([entry('a')]);
        await clock.advance(1_000);
        assert.equal((await outbox.deadLetters()).length, 1);
        await clock.advance(3_700_000);
        assert.equal((await outbox.deadLetters()).length, 0);
      },
      { deadLetterTtlMs: 3_600_000 },
    );

    rule(
      'hands a redriven entry over with the same bytes and no attempts',
      async (outbox, clock) => {
        const seen: LeasedEntry[] = [];
        outbox.consume(lane(), (entries) => {
          seen.push(...entries.map((one) => ({ ...one })));
          return Promise.resolve(
            entries.map((): NextStep =>
              seen.length < 3 ? { kind: 'dead-letter', reason: 'bad' } : SETTLE,
            ),
          );
        });
        await outbox.append([entry('a'), entry('b')]);
        await clock.advance(1_000);
        assert.equal(await outbox.redrive({ destination: 'meta' }), 2);
        await clock.advance(1_000);
        assert.deepEqual(
          seen.map(({ key, attempts, wire }) => [key, attempts, wire.body]),
          ['a', 'b', 'a', 'b'].map((key) => [key, 0, entry(key).wire.body]),
        );
        assert.deepEqual(await counts(outbox), { accepted: 2, delivered: 2 });
      },
    );

    rule(
      'keeps whom an entry is about and since when there is consent: over retries, dead letters and redrives',
      async (outbox, clock) => {
        const seen: OutboxEntry[] = [];
        const steps = [retryIn(100), retryIn(4_000), BAD, SETTLE];
        outbox.consume(lane(), (entries) => {
          seen.push(...entries.map((one) => entryOf(one)));
          return Promise.resolve(entries.map(() => steps[seen.length - 1] ?? SETTLE));
        });
        await outbox.append([aboutJane('a')]);
        await clock.advance(1_000);
        await clock.advance(4_000);
        await clock.advance(1_000);
        const letters = await outbox.deadLetters();
        assert.deepEqual(
          letters.map((letter) => entryOf(letter.entry)),
          [aboutJane('a')],
        );
        assert.equal(await outbox.redrive(), 1);
        await clock.advance(1_000);
        assert.deepEqual(seen, Array(4).fill(aboutJane('a')));
      },
    );

    rule('counts what is dropped instead of sent, and says why', async (outbox, clock) => {
      const told: unknown[] = [];
      outbox.onSettled('a', (settlement) => told.push(settlement));
      outbox.consume(lane(), (entries) =>
        Promise.resolve(entries.map((): NextStep => ({ kind: 'drop', reason: 'withdrawn' }))),
      );
      await outbox.append([entry('a')]);
      await clock.advance(1_000);
      assert.deepEqual(told, [{ kind: 'dropped', reason: 'withdrawn' }]);
      assert.deepEqual(await counts(outbox), { accepted: 1, dropped: 1 });
      const [stats] = await outbox.stats();
      assert.equal(stats?.pendingBytes, 0);
    });

    rule('finds what is kept about a person, and nothing else', async (outbox, clock) => {
      outbox.consume(lane(), (entries) => Promise.resolve(entries.map(() => BAD)));
      outbox.consume(lane({ destination: 'far' }), (entries) =>
        Promise.resolve(entries.map(() => retryIn(3_600_000))),
      );
      const at = (acceptedAtMs: number, one: OutboxEntry) => ({ ...one, acceptedAtMs });
      const nowMs = clock.now();
      await outbox.append([at(nowMs - 40, aboutJane('dead')), entry('other dead')]);
      await outbox.append([at(nowMs - 30, about('far', [VISITOR], 'far')), entry('near', 'far')]);
      await clock.advance(1_000);
      await outbox.append([
        at(nowMs - 20, about('waiting', [JANE, VISITOR], 'idle')),
        about('john', ['john'], 'idle'),
      ]);
      const { eventName } = entry('any');
      assert.deepEqual(await outbox.findAbout([JANE, VISITOR, 'nobody']), [
        {
          destination: 'meta',
          eventName,
          eventId: aboutJane('dead').eventId,
          acceptedAtMs: nowMs - 40,
          state: 'dead-letter',
        },
        {
          destination: 'far',
          eventName,
          eventId: entry('far').eventId,
          acceptedAtMs: nowMs - 30,
          state: 'pending',
        },
        {
          destination: 'idle',
          eventName,
          eventId: entry('waiting').eventId,
          acceptedAtMs: nowMs - 20,
          state: 'pending',
        },
      ]);
      assert.deepEqual(await outbox.findAbout([]), []);
      await outbox.erase([JANE, VISITOR]);
      assert.deepEqual(await outbox.findAbout([JANE, VISITOR]), []);
    });

    rule(
      'erases what is pending and what was given up of a person, and nothing else',
      async (outbox, clock) => {
        const told: string[] = [];
        const handed: string[] = [];
        outbox.consume(lane(), (entries) => {
          handed.push(...entries.map(({ key }) => key));
          return Promise.resolve(entries.map(() => BAD));
        });
        outbox.consume(lane({ destination: 'far' }), (entries) =>
          Promise.resolve(entries.map(() => retryIn(3_600_000))),
        );
        await outbox.append([aboutJane('dead'), entry('other dead')]);
        await outbox.append([about('far', [VISITOR], 'far'), entry('near', 'far')]);
        await clock.advance(1_000);
        await outbox.append([about('waiting', [JANE], 'idle'), about('john', ['john'], 'idle')]);
        for (const key of ['far', 'waiting', 'john'])
          outbox.onSettled(key, (settlement) => told.push(`${key} ${JSON.stringify(settlement)}`));
        assert.deepEqual(await outbox.erase([JANE, VISITOR, 'nobody']), {
          pending: 2,
          deadLetters: 1,
        });
        assert.deepEqual(
          (await outbox.deadLetters()).map((letter) => letter.entry.key),
          ['other dead'],
        );
        assert.deepEqual(told.sort(), [
          'far {"kind":"dropped","reason":"erased"}',
          'waiting {"kind":"dropped","reason":"erased"}',
        ]);
        assert.deepEqual(await counts(outbox), {
          accepted: 6,
          pending: 2,
          deadLettered: 2,
          dropped: 2,
        });
        assert.deepEqual(await outbox.erase([JANE, VISITOR]), { pending: 0, deadLetters: 0 });
        assert.deepEqual(await outbox.erase([]), { pending: 0, deadLetters: 0 });
        outbox.consume(lane({ destination: 'idle' }), (entries) => {
          handed.push(...entries.map(({ key }) => key));
          return Promise.resolve(entries.map(() => SETTLE));
        });
        await clock.advance(1_000);
        await clock.advance(1_000);
        assert.deepEqual(handed.sort(), ['dead', 'john', 'other dead']);
        await subject.settle?.();
        const far = (await outbox.stats()).find(({ destination }) => destination === 'far');
        assert.equal(far?.pending, 1);
      },
    );

    rule(
      'lets what is on the wire end as it does while it erases, and tries none of it again',
      async (outbox, clock) => {
        const tried: string[] = [];
        let release = (): void => undefined;
        const released = new Promise<void>((resolve) => {
          release = resolve;
        });
        const ends: Record<string, NextStep> = {
          passes: SETTLE,
          fails: retryIn(100),
          bad: BAD,
          pauses: pauseFor(100),
        };
        outbox.consume(lane({ maxEntries: 1 }), async (entries) => {
          tried.push(...entries.map(({ key }) => key));
          await released;
          return entries.map(({ key }) => ends[key] ?? SETTLE);
        });
        await outbox.append(Object.keys(ends).map((key) => about(key, [JANE])));
        await clock.advance(1_000);
        assert.deepEqual(tried, Object.keys(ends));
        const erasing = outbox.erase([JANE]);
        await clock.advance(10);
        release();
        await erasing;
        for (let turn = 0; turn < 5; turn += 1) await clock.advance(1_000);
        assert.deepEqual(tried, Object.keys(ends));
        assert.deepEqual(await counts(outbox), { accepted: 4, delivered: 1, dropped: 3 });
        const [stats] = await outbox.stats();
        assert.equal(stats?.pendingBytes, 0);
      },
    );

    rule(
      'erases the entries of one person out of many that wait together',
      async (outbox, clock) => {
        const keys = Array.from({ length: 60 }, (_unused, index) => `k${index}`);
        await outbox.append(
          keys.map((key, index) => about(key, [index % 3 === 0 ? JANE : `person-${index}`])),
        );
        const erased = await Promise.all([outbox.erase([JANE]), outbox.erase([JANE])]);
        assert.equal(Math.max(...erased.map(({ pending }) => pending)) > 0, true);
        const handed = await handOverAll(outbox, clock);
        assert.deepEqual(handed, keys.filter((_key, index) => index % 3 !== 0).sort());
        assert.deepEqual(await counts(outbox), { accepted: 60, delivered: 40, dropped: 20 });
        const [stats] = await outbox.stats();
        assert.equal(stats?.pendingBytes, 0);
      },
      { maxPendingEntries: 100 },
    );

    if (subject.another === undefined) return;
    const another = subject.another.bind(subject);

    /** Two outboxes on one storage, as two processes have them. */
    const shared = (
      title: string,
      body: (first: Outbox, second: Outbox, clock: SteppedClock) => Promise<void>,
    ) => {
      rule(title, async (first, clock) => {
        const second = await another(clock, { maxPendingEntries: 10 });
        try {
          await body(first, second, clock);
        } finally {
          await second.close();
        }
      });
    };

    shared('answers duplicate for what another process stored', async (first, second) => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_unused, index) =>
          (index % 2 === 0 ? first : second).append([entry('a'), entry('a', 'tiktok')]),
        ),
      );
      const kinds = results.flat().map(({ kind }) => kind);
      // The key of an entry holds its destination; here both have the same.
      assert.equal(kinds.filter((kind) => kind === 'stored').length, 1);
      assert.equal(kinds.filter((kind) => kind === 'duplicate').length, 39);
    });

    shared('hands over what another process stored, once', async (first, second, clock) => {
      const handed: string[] = [];
      second.consume(lane(), (entries) => {
        handed.push(...entries.map(({ key }) => key));
        return Promise.resolve(entries.map(() => SETTLE));
      });
      await first.append([entry('a'), entry('b')]);
      await untilDelivered(second, clock, 2);
      assert.deepEqual(handed, ['a', 'b']);
      assert.deepEqual(await counts(first), { accepted: 2, delivered: 2 });
      assert.deepEqual(await counts(second), { accepted: 2, delivered: 2 });
    });

    shared(
      'keeps what a closed process left pending, for the next one',
      async (first, second, clock) => {
        first.consume(lane({ lingerMs: 3_600_000 }), settleAll);
        await first.append([entry('a'), aboutJane('b')]);
        await first.close();
        const handed: LeasedEntry[] = [];
        second.consume(lane(), (entries) => {
          handed.push(...entries.map((one) => ({ ...one })));
          return Promise.resolve(entries.map(() => SETTLE));
        });
        await untilDelivered(second, clock, 2);
        assert.deepEqual(
          handed.map((one) => [entryOf(one), one.attempts]),
          [
            [entry('a'), 0],
            [aboutJane('b'), 0],
          ],
        );
        assert.deepEqual(await counts(second), { accepted: 2, delivered: 2 });
      },
    );

    shared(
      'keeps the attempts and the delay of a retry over a restart',
      async (first, second, clock) => {
        first.consume(lane(), (entries) => Promise.resolve(entries.map(() => retryIn(600_000))));
        await first.append([entry('a')]);
        await clock.advance(1_000);
        await first.close();
        const attempts: number[] = [];
        second.consume(lane(), (entries) => {
          attempts.push(...entries.map((one) => one.attempts));
          return Promise.resolve(entries.map(() => SETTLE));
        });
        for (let turn = 0; turn < 10; turn += 1) await clock.advance(1_000);
        assert.deepEqual(attempts, []);
        assert.deepEqual(await counts(second), { accepted: 1, pending: 1 });
      },
    );

    shared(
      'erases what another process holds in its memory, and what a closed one left',
      async (first, second, clock) => {
        const sent: string[] = [];
        let isPaused = true;
        first.consume(lane({ maxEntries: 1, concurrency: 1 }), (entries) => {
          if (!isPaused) sent.push(...entries.map(({ key }) => key));
          return Promise.resolve(
            entries.map((): NextStep => (isPaused ? pauseFor(3_600_000) : SETTLE)),
          );
        });
        await first.append([about('a', [JANE]), about('b', [JANE]), about('c', ['john'])]);
        await clock.advance(1_000);
        assert.equal((await second.erase([JANE])).pending, 2);
        await inRealTime(2_000);
        isPaused = false;
        await clock.advance(3_600_000);
        for (let turn = 0; turn < 5; turn += 1) await clock.advance(1_000);
        assert.deepEqual(sent, ['c']);
        assert.deepEqual(await counts(second), { accepted: 3, delivered: 1, dropped: 2 });
        await first.append([about('d', [JANE], 'idle')]);
        await first.close();
        assert.equal((await second.erase([JANE])).pending, 1);
        const third = await another(clock, {});
        assert.deepEqual(await handOverAll(third, clock), []);
        assert.deepEqual(await counts(third), { accepted: 4, delivered: 1, dropped: 3 });
        await third.close();
      },
    );

    shared(
      'shows and redrives the dead letters of another process',
      async (first, second, clock) => {
        let isBad = true;
        first.consume(lane(), (entries) =>
          Promise.resolve(
            entries.map((): NextStep => (isBad ? { kind: 'dead-letter', reason: 'bad' } : SETTLE)),
          ),
        );
        await first.append([entry('a')]);
        await clock.advance(1_000);
        assert.equal((await second.deadLetters()).length, 1);
        isBad = false;
        assert.equal(await second.redrive(), 1);
        await untilDelivered(second, clock, 1);
        assert.deepEqual(await counts(second), { accepted: 1, delivered: 1 });
      },
    );
  });
}

const BAD: NextStep = { kind: 'dead-letter', reason: 'bad' };
const JANE = 'Yx3-jane_0123456789abcdefghijklmnopqrstu';
const VISITOR = 'visitor';

/** Lets what is real, a disk or a server, keep up with the time that is not. */
class SteppedClock extends FakeClock {
  constructor(private readonly subject: OutboxSubject) {
    super();
  }

  override async advance(byMs: number): Promise<void> {
    await this.subject.settle?.();
    await super.advance(byMs);
    await this.subject.settle?.();
    await super.advance(0);
  }
}

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

/** Consumes until nothing more comes. @returns the keys in the order in which they came. */
async function handOverAll(outbox: Outbox, clock: SteppedClock): Promise<string[]> {
  const handed: string[] = [];
  outbox.consume(lane(), (entries) => {
    handed.push(...entries.map(({ key }) => key));
    return Promise.resolve(entries.map(() => SETTLE));
  });
  await clock.advance(1_000);
  await clock.advance(1_000);
  return handed.sort();
}

function pauseFor(delayMs: number): NextStep {
  return { kind: 'pause-destination', delayMs, reason: 'token' };
}

function retryIn(delayMs: number): NextStep {
  return { kind: 'retry', delayMs, reason: 'later' };
}

function lane(overrides: Partial<LaneOptions> = {}): LaneOptions {
  return { destination: 'meta', maxEntries: 100, concurrency: 4, lingerMs: 10, ...overrides };
}

/** Lets time pass until so many have been delivered, for at most 100 seconds of it. */
async function untilDelivered(outbox: Outbox, clock: SteppedClock, count: number): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    await clock.advance(1_000);
    if ((await counts(outbox)).delivered === count) return;
  }
}

/** What the contract says of an entry; members may know more. */
function entryOf(known: OutboxEntry): OutboxEntry {
  const { key, destination, eventId, eventName, occurredAtMs, acceptedAtMs, priority } = known;
  const { subjects, consentAtMs } = known;
  const wire = { body: known.wire.body, envelope: known.wire.envelope };
  return {
    ...{ key, destination, eventId, eventName, occurredAtMs, acceptedAtMs, priority, wire },
    ...(subjects !== undefined && { subjects }),
    ...(consentAtMs !== undefined && { consentAtMs }),
  };
}

/** With all that a person is known by, and a body in more than one script. */
function aboutJane(key: string): OutboxEntry {
  return {
    ...entry(key),
    subjects: [JANE, VISITOR],
    consentAtMs: 1_768_471_100_000,
    wire: { body: `{"event_id":"event-${key}","city":"Köln 東京 👋"}`, envelope: '{"a":"1:2"}' },
  };
}

function entry(
  key: string,
  destination = 'meta',
  priority: OutboxEntry['priority'] = 0,
): OutboxEntry {
  return {
    key,
    destination,
    eventId: `event-${key}`,
    eventName: 'purchase',
    occurredAtMs: 1_768_471_200_000,
    acceptedAtMs: 1_768_471_200_000,
    priority,
    wire: { body: `{"event_id":"event-${key}"}`, envelope: '' },
  };
}

function about(key: string, subjects: readonly string[], destination = 'meta'): OutboxEntry {
  return { ...entry(key, destination), subjects };
}

/** What members of other processes notice by themselves goes by real time. */
function inRealTime(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Sums over all lanes; what is zero is left out. */
async function counts(outbox: Outbox): Promise<Record<string, number>> {
  const sums = {
    accepted: 0,
    pending: 0,
    delivered: 0,
    deadLettered: 0,
    expired: 0,
    dropped: 0,
  };
  for (const stats of await outbox.stats()) {
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += stats[name];
  }
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0));
}
