import { memoryInUse } from '../../test/support/memory-in-use';
import { systemClock } from '../clock';
import { FakeClock } from '../testing/fake-clock';
import { MemoryOutbox } from './memory-outbox';
import type { OutboxEntry } from './outbox';
import type { Priority } from './priority';

describe('an outbox in memory', () => {
  it.each<[string, (index: number) => OutboxEntry]>([
    ['those that made room', (index) => entry(String(index), index % 100 === 0 ? 0 : 2)],
    ['duplicates', (index) => entry(index % 100 === 0 ? String(index) : '0', 2)],
  ])('keeps no memory of %s', async (_who, entryAt) => {
    const limit = (await memoryInUse()) + 20_000_000;
    const outbox = new MemoryOutbox(systemClock, {
      overflow: 'drop-lowest-priority',
      maxPendingEntries: 5_000,
    });
    for (let index = 0; index < 150_000; index += 1) await outbox.append([entryAt(index)]);
    const [stats] = await outbox.stats();
    expect(stats?.pending).toBeGreaterThan(1_000);
    expect(stats?.pendingBytes).toBeLessThan(6_000_000);
    expect(await memoryInUse(limit)).toBeLessThan(limit);
    await outbox.close();
  });

  it('remembers nothing of what had no room, however often it came', async () => {
    const clock = new FakeClock();
    const outbox = new MemoryOutbox(clock, { idempotencyWindowMs: 1_000, maxPendingEntries: 1 });
    const both = (eventId: string) =>
      (['meta', 'tiktok'] as const).map((destination) => ({
        ...entry(`${destination}|purchase|${eventId}`, 0),
        destination,
      }));
    outbox.consume({ destination: 'meta', maxEntries: 1, concurrency: 1, lingerMs: 0 }, (entries) =>
      Promise.resolve(entries.map(() => ({ kind: 'settle' }))),
    );
    const come = async (eventId: string) => {
      const kinds = (await outbox.append(both(eventId))).map(({ kind }) => kind);
      await clock.advance(100);
      return kinds;
    };
    expect(await come('first')).toEqual(['stored', 'stored']);
    expect(await come('second')).toEqual(['stored', 'refused']);
    for (let times = 0; times < 8; times += 1)
      expect(await come('second')).toEqual(['duplicate', 'refused']);
    await clock.advance(200);
    expect(await come('second')).toEqual(['stored', 'refused']);
    await outbox.close();
  });
});

function entry(key: string, priority: Priority): OutboxEntry {
  return {
    key,
    destination: 'meta',
    eventId: key,
    eventName: 'purchase',
    occurredAtMs: 0,
    acceptedAtMs: 0,
    priority,
    wire: { body: key.padEnd(900, '.'), envelope: '' },
  };
}
