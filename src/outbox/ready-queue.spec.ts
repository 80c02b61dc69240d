import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { Priority } from './priority';
import { ReadyQueue } from './ready-queue';

interface Item {
  readonly priority: Priority;
  readonly acceptedAtMs: number;
}

const item = (priority: Priority, acceptedAtMs: number): Item => ({ priority, acceptedAtMs });

describe('ReadyQueue', () => {
  it('gives the urgent first, and equals in their order, however many were taken before', () => {
    const queue = new ReadyQueue<Item>();
    for (let at = 0; at < 5_000; at += 1) queue.push(item(1, at));
    const taken = Array.from({ length: 49 }, () => queue.take(100)).flat();
    expect(taken.map(({ acceptedAtMs }) => acceptedAtMs)).toEqual([...Array(4_900).keys()]);
    queue.push(item(0, 9_000));
    queue.putBack(taken.slice(-2));
    expect(queue.take(4).map(({ acceptedAtMs }) => acceptedAtMs)).toEqual([
      9_000, 4_898, 4_899, 4_900,
    ]);
    expect(queue.length).toBe(99);
    expect(queue.takeOldest()?.acceptedAtMs).toBe(4_901);
    expect(queue.takeAll(({ acceptedAtMs }) => acceptedAtMs > 4_950)).toHaveLength(49);
    expect(queue.find(() => true)).toHaveLength(49);
  });

  it('keeps nothing alive that was taken, while others wait', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const queue = new ReadyQueue<Item>();
    for (let at = 0; at < 100; at += 1) queue.push(item(1, at));
    const taken = queue.take(50).map((one) => new WeakRef(one));
    // What a WeakRef was made for lives until the end of its turn.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(taken.filter((one) => one.deref() !== undefined)).toEqual([]);
    expect(queue.length).toBe(50);
  });
});
