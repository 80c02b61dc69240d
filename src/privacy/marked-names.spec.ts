import fc from 'fast-check';

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
        let nowMs = 0;
        const store = new SlowKeys();
        const marked = new MarkedNames(store, 'withdrawals', () => nowMs);
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
              marked.maybeMarked([]);
              break;
            case 'loaded':
              store.answers.shift()?.();
              break;
            case 'wait':
              nowMs += 1_500;
          }
          await new Promise((resolve) => setImmediate(resolve));
          for (const some of written) expect(marked.maybeMarked([[some]])).toEqual([some]);
        }
        // All writes end, and nobody else writes any more.
        for (const { name: some, end } of underWay) {
          store.names.add(some);
          end();
        }
        const answered = async () => {
          for (const answer of store.answers.splice(0)) answer();
          await new Promise((resolve) => setImmediate(resolve));
        };
        await answered();
        // A load that took so long is not repeated soon.
        nowMs += 1e9;
        marked.maybeMarked([]);
        await answered();
        for (const some of NAMES)
          expect(marked.areUnmarked([['u-9'], [some]])).toBe(!written.has(some));
        expect(new Set(marked.maybeMarked([NAMES, ['u-9']]))).toEqual(written);
      }),
    );
  });

  it('are not held where they are too many', async () => {
    const store = new SlowKeys();
    for (let at = 0; at < 49_999; at += 1) store.names.add(`u-${at}`);
    let nowMs = 0;
    const marked = new MarkedNames(store, 'withdrawals', () => nowMs);
    const read = async () => {
      marked.maybeMarked([]);
      store.answers.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    };
    await read();
    expect(marked.areUnmarked([['nobody']])).toBe(true);
    for (const name of ['v-1', 'v-2']) await marked.writing([name], () => Promise.resolve());
    expect(marked.areUnmarked([['nobody']])).toBe(false);
    for (const name of ['v-1', 'v-2']) store.names.add(name);
    nowMs += 1_500;
    await read();
    expect(store.asked).toBe(1);
    nowMs += 10 * 60_000;
    await read();
    await read();
    expect(store.asked).toBe(2);
    expect(marked.areUnmarked([['nobody']])).toBe(false);
  });

  it('are asked for where they cannot be read, and read again later', async () => {
    let nowMs = 0;
    let isBroken = true;
    const store = {
      writesElsewhere: () => 1,
      keys: () => (isBroken ? Promise.reject(new Error('damaged')) : Promise.resolve(['u-1'])),
    };
    const marked = new MarkedNames(store, 'withdrawals', () => nowMs);
    expect(marked.maybeMarked([['u-2']])).toEqual(['u-2']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(marked.areUnmarked([['u-2']])).toBe(false);
    isBroken = false;
    nowMs += 1_500;
    expect(marked.maybeMarked([['u-2']])).toEqual(['u-2']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(marked.maybeMarked([['u-2', 'u-1']])).toEqual(['u-1']);
  });

  it('are asked for where a storage cannot tell', () => {
    const marked = new MarkedNames({ writesElsewhere: () => 0 }, 'withdrawals');
    expect(marked.maybeMarked([['u-1'], ['u-1', 'u-2']])).toEqual(['u-1', 'u-2']);
    expect(marked.areUnmarked([])).toBe(false);
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
