import type { AppendResult, OutboxEntry } from '../outbox/outbox';
import { AppendQueue } from './append-queue';

describe('AppendQueue', () => {
  it('refuses in time, and holds the process meanwhile, where no room is made', async () => {
    const queue = new AppendQueue({
      maxAppends: 1,
      append: (entries) => Promise.resolve(entries.map(() => ({ kind: 'full', pending: 7 }))),
      makeRoomFor: () => new Promise(() => undefined),
      countLocally: () => undefined,
    });
    const result = new Promise<AppendResult>((resolve) => {
      queue.add(ENTRY, resolve);
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(process.getActiveResourcesInfo()).toContain('Timeout');
    expect(await result).toMatchObject({ kind: 'refused', problem: { code: 'overflow' } });
  });
});

const ENTRY: OutboxEntry = {
  key: 'meta:order-1',
  destination: 'meta',
  eventId: 'order-1',
  eventName: 'purchase',
  occurredAtMs: 1_768_471_200_000,
  acceptedAtMs: 1_768_471_200_000,
  priority: 0,
  wire: { body: '{"event_id":"order-1"}', envelope: '' },
};
