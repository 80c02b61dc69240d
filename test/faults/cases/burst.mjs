import { start } from '../children.mjs';
import { expect } from '../expect.mjs';

const COUNT = 100_000;
const DURABLE_MS = 5_000;
const GROWTH_MB = 200;
const STALL_MS = 50;

export const burst = {
  name: '100,000 events at once, SQLite',
  promise: `durable within ${DURABLE_MS / 1_000} s, memory growth <= ${GROWTH_MB} MB, loop stall <= ${STALL_MS} ms`,
  isFast: true,
  isAlone: true,
  async run({ isFast, storages, library }) {
    const count = isFast ? COUNT / 10 : COUNT;
    const storage = await storages.sqlite.make();
    try {
      const { hello } = await start('burst.mjs', { library, url: storage.url, count });
      const growthMb = hello.growthBytes / 2 ** 20;
      const figures = [
        `${count} entries of ${(hello.entryBytes / 1_000).toFixed(1)} kB durable after ${(hello.durableMs / 1_000).toFixed(2)} s`,
        `memory growth ${growthMb.toFixed(0)} MB beyond what the caller holds`,
        `longest loop stall ${hello.stallMs.toFixed(0)} ms, p99 ${hello.stallP99Ms.toFixed(0)} ms`,
      ];
      expect(hello.stored === count && hello.pending === count + 1_000, `stored ${hello.stored}`);
      const isGood =
        hello.durableMs <= DURABLE_MS && growthMb <= GROWTH_MB && hello.stallMs <= STALL_MS;
      expect(isGood, figures.join('; '));
      return figures;
    } finally {
      await storage.remove();
    }
  },
};
