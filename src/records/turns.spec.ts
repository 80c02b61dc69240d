import { systemClock } from '../clock';
import { FakeClock } from '../testing/fake-clock';
import { MemoryRecordStore } from './memory-record-store';
import { Turns } from './turns';

const NAME = 'withdrawals';

describe('Turns', () => {
  const records = new MemoryRecordStore(systemClock);
  const hold = (holder: string, expiresAtMs: number) =>
    records.put([{ collection: 'turns', key: NAME, value: holder, subjects: [], expiresAtMs }]);

  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(async () => {
    jest.useRealTimers();
    await records.remove('turns', [NAME]);
  });

  it('goes on where a process died in its turn, whose clock was an hour ahead', async () => {
    await hold('gone', Date.now() + 3_600_000);
    const running: string[] = [];
    let most = 0;
    const works = ['a', 'b', 'c'].map((name) =>
      new Turns(records, NAME, systemClock).run(async () => {
        running.push(name);
        most = Math.max(most, running.length);
        await new Promise((resolve) => setTimeout(resolve, 50));
        running.pop();
      }),
    );
    await jest.advanceTimersByTimeAsync(14_000);
    expect(most).toBe(0);
    await jest.advanceTimersByTimeAsync(4_000);
    await Promise.all(works);
    expect(most).toBe(1);
  });

  it('waits for whoever works, though their clock is half a minute behind', async () => {
    const behind = new FakeClock(Date.now() - 30_000);
    const order: string[] = [];
    const first = new Turns(records, NAME, behind).run(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      order.push('first');
    });
    await jest.advanceTimersByTimeAsync(10);
    const second = new Turns(records, NAME, systemClock).run(() => {
      order.push('second');
      return Promise.resolve();
    });
    await jest.advanceTimersByTimeAsync(2_000);
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });

  it('is settled when the last one that was begun has ended', async () => {
    const turns = new Turns(records, NAME, systemClock);
    const ended: string[] = [];
    const wait = (name: string) => async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      ended.push(name);
    };
    void turns.run(wait('first'));
    void turns.run(wait('second'));
    const settled = turns.settled().then(() => ended.push('settled'));
    await jest.advanceTimersByTimeAsync(500);
    void turns.run(wait('third'));
    await jest.advanceTimersByTimeAsync(4_000);
    await settled;
    expect(ended).toEqual(['first', 'second', 'third', 'settled']);
    expect(await records.get('turns', [NAME])).toEqual([undefined]);
  });
});
