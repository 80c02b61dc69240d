import assert from 'node:assert/strict';

import type { RecordStore, StoredRecord } from '../records/record-store';
import { FakeClock } from './fake-clock';
import { testRunner } from './test-runner';

/** One member of the contract, on a storage made anew for each test. */
export interface RecordStoreSubject {
  create(clock: FakeClock): Promise<RecordStore> | RecordStore;
  /** Durable members: another one on the storage that `create` made last, as another process has it. */
  another?(clock: FakeClock): Promise<RecordStore> | RecordStore;
}

/** The contract of a record store as tests: what every member has to keep, whatever it stands on. */
export function describeRecordStore(name: string, subject: RecordStoreSubject): void {
  const { describe, it } = testRunner();
  describe(`record store contract: ${name}`, () => {
    const rule = (
      title: string,
      body: (records: RecordStore, clock: FakeClock) => Promise<void>,
    ) => {
      it(title, async () => {
        const clock = new FakeClock();
        await body(await subject.create(clock), clock);
      });
    };

    rule('gives one value per key, in order, and nothing where there is none', async (records) => {
      await records.put([record('a', 'first'), record('b', 'second')]);
      assert.deepEqual(await records.get('links', ['b', 'none', 'a']), [
        'second',
        undefined,
        'first',
      ]);
      assert.deepEqual(await records.get('links', []), []);
    });

    rule('keeps values as they are, in any script and of any length', async (records) => {
      const values = ['', 'jäne 東京 👋\n"quoted"', 'x'.repeat(50_000)];
      await records.put(values.map((value, index) => record(`k${index}|:,'`, value)));
      assert.deepEqual(
        await records.get(
          'links',
          values.map((_value, index) => `k${index}|:,'`),
        ),
        values,
      );
    });

    rule('keeps collections apart', async (records) => {
      await records.put([
        record('a', 'link'),
        { ...record('a', 'consent'), collection: 'consent' },
      ]);
      assert.deepEqual(await records.get('consent', ['a']), ['consent']);
      await records.remove('consent', ['a']);
      assert.deepEqual(await records.get('consent', ['a']), [undefined]);
      assert.deepEqual(await records.get('links', ['a']), ['link']);
    });

    rule('replaces what stands under a key, and whom it is about', async (records) => {
      await records.put([record('a', 'old', ['jane'])]);
      await records.put([record('a', 'new', ['john'])]);
      assert.deepEqual(await records.get('links', ['a']), ['new']);
      assert.deepEqual(await records.findBySubjects(['jane']), []);
      assert.deepEqual(await records.findBySubjects(['john']), [record('a', 'new', ['john'])]);
    });

    rule('lets the last of two with one key in one call stand', async (records) => {
      await records.put([record('a', 'first', ['jane']), record('a', 'last', ['john'])]);
      assert.deepEqual(await records.get('links', ['a']), ['last']);
      assert.deepEqual(await records.findBySubjects(['jane']), []);
    });

    rule('forgets a value when its time is up', async (records, clock) => {
      const expiresAtMs = clock.now() + 1_000;
      await records.put([{ ...record('a', 'short', ['jane']), expiresAtMs }, record('b', 'stays')]);
      await clock.advance(999);
      assert.deepEqual(await records.get('links', ['a']), ['short']);
      await clock.advance(1);
      assert.deepEqual(await records.get('links', ['a', 'b']), [undefined, 'stays']);
      assert.deepEqual(await records.findBySubjects(['jane']), []);
      assert.equal(await records.eraseBySubjects(['jane']), 0);
    });

    rule('lets the first of many stand where it is put if absent', async (records, clock) => {
      const values = await Promise.all(
        ['one', 'two', 'three'].map((value) => records.putIfAbsent(record('a', value))),
      );
      const [stands] = await records.get('links', ['a']);
      assert.deepEqual(values, [stands, stands, stands]);
      const expiresAtMs = clock.now() + 1_000;
      await records.put([{ ...record('b', 'old', ['jane']), expiresAtMs }]);
      await clock.advance(1_001);
      assert.equal(await records.putIfAbsent(record('b', 'new', ['john'])), 'new');
      assert.deepEqual(await records.findBySubjects(['jane']), []);
      assert.equal((await records.findBySubjects(['john'])).length, 1);
    });

    rule('finds everything about any of these people, once', async (records) => {
      const all = [
        record('a', '1', ['jane', 'visitor']),
        record('b', '2', ['visitor']),
        record('c', '3', ['john']),
        { ...record('d', '4', ['jane']), collection: 'consent' },
      ];
      await records.put(all);
      const found = await records.findBySubjects(['jane', 'visitor']);
      assert.deepEqual(
        [...found].sort((one, other) => one.key.localeCompare(other.key)),
        [all[0], all[1], all[3]],
      );
      assert.deepEqual(await records.findBySubjects(['jan']), []);
      assert.deepEqual(await records.findBySubjects([]), []);
    });

    rule('erases everything about a person, except what has to stay', async (records) => {
      await records.put([
        record('a', '1', ['jane', 'visitor']),
        record('b', '2', ['john']),
        { ...record('c', '3', ['jane']), collection: 'consent' },
      ]);
      assert.equal(await records.eraseBySubjects(['jane', 'nobody'], ['consent']), 1);
      assert.deepEqual(await records.get('links', ['a', 'b']), [undefined, '2']);
      assert.deepEqual(await records.get('consent', ['c']), ['3']);
      assert.deepEqual(await records.findBySubjects(['visitor']), []);
      assert.equal(await records.eraseBySubjects(['jane']), 1);
      assert.equal(await records.eraseBySubjects(['jane']), 0);
    });

    rule('removes what is there, and minds nothing that is not', async (records) => {
      await records.put([record('a', '1', ['jane'])]);
      await records.remove('links', ['a', 'none']);
      assert.deepEqual(await records.get('links', ['a']), [undefined]);
      assert.deepEqual(await records.findBySubjects(['jane']), []);
    });

    rule('names, if it can name them at all, all keys of one collection', async (records) => {
      if (records.keys === undefined) return;
      await records.put([record('a', '1'), { ...record('b', '2'), collection: 'consent' }]);
      await records.put([record('c', '3'), record('d', '4'), record('a', '5')]);
      await records.remove('links', ['d']);
      assert.deepEqual([...(await records.keys('links', 10))].sort(), ['a', 'c']);
      assert.equal((await records.keys('links', 1)).length, 1);
      assert.deepEqual(await records.keys('none', 10), []);
      const many = Array.from({ length: 3_000 }, (_unused, at) => `m${at}`);
      await records.put(many.map((key) => ({ ...record(key, ''), collection: 'many' })));
      assert.deepEqual(new Set(await records.keys('many', 10_000)), new Set(many));
    });

    if (subject.another === undefined) return;
    const another = subject.another.bind(subject);

    rule(
      'tells, if it can tell at all, that another process may have written',
      async (first, clock) => {
        const second = await another(clock);
        const before = first.writesElsewhere?.();
        await second.put([record('a', '1')]);
        if (before !== undefined) assert.notEqual(first.writesElsewhere?.(), before);
        assert.deepEqual((await first.keys?.('links', 10)) ?? ['a'], ['a']);
        const values = await first.get('links', ['a']);
        assert.deepEqual(values, ['1']);
      },
    );

    rule('shows every process the same', async (first, clock) => {
      const second = await another(clock);
      await first.put([record('a', '1', ['jane']), record('b', '2')]);
      assert.deepEqual(await second.get('links', ['a']), ['1']);
      assert.deepEqual(await second.findBySubjects(['jane']), [record('a', '1', ['jane'])]);
      assert.equal(await second.putIfAbsent(record('a', 'other')), '1');
      assert.equal(await second.eraseBySubjects(['jane']), 1);
      assert.deepEqual(await first.get('links', ['a', 'b']), [undefined, '2']);
    });
  });
}

function record(key: string, value: string, subjects: readonly string[] = []): StoredRecord {
  return { collection: 'links', key, value, subjects, expiresAtMs: Infinity };
}
