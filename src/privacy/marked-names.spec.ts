import fc from 'fast-check';

import { FakeClock } from '../testing/fake-clock';
import { MarkedNames } from './marked-names';

const NAMES = ['u-1', 'u-2', 'u-3', 'u-4'];
const name = fc.constantFrom(...NAMES);

const step = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const), name }),
  fc.record({ kind: fc.constant('end' as const) }),
  fc.record({ kind: fc.constant('others write' as const), name }),
  fc.record({ kind: fc.constant('load' as const) }),
  fc.record({ kind: fc.constant('loaded' as const) }),
  fc.record({ kind: fc.constant('wait' as const) }),
);

describe('MarkedNames', () => {
  it('leave nobody out, whoever writes while they are read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = new FakeClock();
        const store = new SlowKeys();
        const marked = new MarkedNames(store, 'withdrawals', clock);
        const written = new Set<string>();
        const underWay: { readonly name: string; readonly end: () => void }[] = [];
        for (const one of steps) {
          switch (one.kind) {
            case 'begin':
              written.add(one.name);
              void marked.writing(
                [one.name],
                () => new Promise((end) => underWay.push({ name: one.name, end })),
              );
              break;
            case 'end': {
              const first = underWay.shift();
              if (first === undefined) break;
              store.names.add(first.name);
              first.end();
              break;
            }
            case 'others write':
              written.add(one.name);
              store.names.add(one.name);
              store.version += 1;
              break;
            case 'load':
              void marked.load();
              break;
            case 'loaded':
              store.answers.shift()?.();
              break;
            case 'wait':
              await clock.advance(1_500);
          }
          await new Promise((resolve) => setImmediate(resolve));
          for (const some of written) expect(marked.among([[some]])).toEqual([some]);
        }
        // All writes end, and nobody else writes any more.
        for (const { name: some, end } of underWay) {
          store.names.add(some);
          end();
        }
        for (const answer of store.answers.splice(0)) answer();
        await clock.advance(1_500);
        const loading = marked.load();
        store.answers.shift()?.();
        await loading;
        expect(marked.isCurrent()).toBe(true);
        expect(new Set(marked.among([NAMES, ['u-9']]))).toEqual(written);
      }),
    );
  });

  it('are not kept where they are too many', async () => {
    const clock = new FakeClock();
    const store = new SlowKeys();
    for (let at = 0; at < 10_001; at += 1) store.names.add(`u-${at}`);
    const marked = new MarkedNames(store, 'withdrawals', clock);
    for (const afterMs of [0, 1_500]) {
      await clock.advance(afterMs);
      const loading = marked.load();
      store.answers.shift()?.();
      await loading;
      expect(marked.isCurrent()).toBe(false);
      expect(marked.among([['nobody', 'nobody']])).toEqual(['nobody']);
    }
    expect(store.asked).toBe(1);
  });

  it('are asked for where a storage can tell alone', () => {
    const marked = new MarkedNames({ writesElsewhere: () => 0 }, 'withdrawals', new FakeClock());
    expect(marked.load()).toBeUndefined();
    expect(marked.among([['u-1'], ['u-1', 'u-2']])).toEqual(['u-1', 'u-2']);
  });
});

/** What stood there when it was asked, as soon as somebody says so. */
class SlowKeys {
  readonly names = new Set<string>();
  readonly answers: (() => void)[] = [];
  version = 1;
  asked = 0;

  writesElsewhere(): number {
    return this.version;
  }

  keys(_collection: string, limit: number): Promise<readonly string[]> {
    this.asked += 1;
    const names = [...this.names].slice(0, limit);
    return new Promise((resolve) =>
      this.answers.push(() => {
        resolve(names);
      }),
    );
  }
}
