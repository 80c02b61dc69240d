import fc from 'fast-check';

import { Limiter } from './limiter';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('Limiter.forEach', () => {
  it('calls in order, so many at once, and makes nothing for those that wait', async () => {
    const limiter = new Limiter(2);
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const call = async (item: string) => {
      begun.push(item);
      await new Promise<void>((resolve) => ends.set(item, resolve));
      limiter.leave();
    };
    const end = async (item: string) => {
      ends.get(item)?.();
      await turn();
    };
    const first = limiter.forEach(['a1', 'a2', 'a3', 'a4'], call);
    const second = limiter.forEach(['b1'], call);
    await turn();
    expect(begun).toEqual(['a1', 'a2']);
    await end('a2');
    expect(begun).toEqual(['a1', 'a2', 'a3']);
    // Else all would be through at the same time, and what became of them known so late.
    await end('a1');
    expect(begun).toEqual(['a1', 'a2', 'a3', 'a4']);
    for (const item of ['a3', 'a4']) await end(item);
    await first;
    expect(begun).toEqual(['a1', 'a2', 'a3', 'a4', 'b1']);
    await end('b1');
    await second;
  });

  it('rejects as the first that failed, when all are through', async () => {
    const limiter = new Limiter(1);
    const ended: number[] = [];
    const call = async (item: number) => {
      await turn();
      ended.push(item);
      limiter.leave();
      if (item > 1) throw new Error(`fault of ${item}`);
    };
    await expect(limiter.forEach([1, 2, 3, 4], call)).rejects.toThrow('fault of 2');
    expect(ended).toEqual([1, 2, 3, 4]);
    await limiter.forEach([], call);
  });

  it('never lets in more than the limit, and everybody in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 8 }), { maxLength: 5 }),
        async (limit, lists) => {
          const limiter = new Limiter(limit);
          let inside = 0;
          let most = 0;
          let through = 0;
          const call = async (turns: number) => {
            inside += 1;
            most = Math.max(most, inside);
            for (let left = turns; left > 0; left -= 1) await turn();
            inside -= 1;
            through += 1;
            limiter.leave();
          };
          await Promise.all(lists.map((list) => limiter.forEach(list, call)));
          expect(through).toBe(lists.flat().length);
          expect(most).toBeLessThanOrEqual(limit);
          expect(limiter.enter()).toBeUndefined();
        },
      ),
    );
  });
});
