import { MemoryRecordStore } from '../records/memory-record-store';
import { FakeClock } from '../testing/fake-clock';
import { afterWithdrawal, ConsentRegister } from './consent-register';

describe('ConsentRegister', () => {
  const clock = new FakeClock();
  const records = new MemoryRecordStore(clock);
  const register = new ConsentRegister(records, clock);

  function someoneElsesTurn(): Promise<void> {
    const expiresAtMs = clock.now() + 10_000;
    const record = { collection: 'turns', key: 'withdrawals', value: 'other', subjects: [] };
    return records.put([{ ...record, expiresAtMs }]);
  }

  it('dates a withdrawal by when it was said, however long it has to wait', async () => {
    await someoneElsesTurn();
    const saidAtMs = clock.now();
    const said = register.withdraw(['u-anna'], ['u-anna']);
    await clock.advance(5_000);
    const again = { adStorage: 'granted', capturedAt: clock.now() } as const;
    await clock.advance(6_000);
    const withdrawal = await said;
    expect(withdrawal.purposes.adStorage).toBe(saidAtMs);
    expect(afterWithdrawal(again, withdrawal).adStorage).toBe('granted');
  });

  it('waits for nobody where a withdrawal holds already', async () => {
    await register.withdraw(['u-bert'], ['u-bert', 'v-1']);
    await someoneElsesTurn();
    await register.spread(['u-bert'], ['v-1']);
    await register.spread(['u-bert'], []);
    await register.spread(['u-carla'], ['v-1']);
    await clock.advance(11_000);
    await register.spread(['u-bert'], ['v-2']);
    expect(await register.find(['v-2'])).toEqual(await register.find(['u-bert']));
  });

  it('relies on what it has read of people who took nothing back, until somebody writes', async () => {
    expect(register.areUnmarked([['u-dora']])).toBe(false);
    await register.find(['u-dora']);
    expect(register.areUnmarked([['u-dora'], []])).toBe(true);
    expect(register.areUnmarked([['u-dora', 'e-dora']])).toBe(false);
    await register.withdraw(['u-emil'], ['u-emil']);
    expect(register.areUnmarked([['u-dora']])).toBe(false);
    await register.findAll([['u-dora'], ['u-emil']]);
    expect(register.areUnmarked([['u-emil']])).toBe(false);
  });

  it('relies on nothing that was read while somebody wrote', async () => {
    const slow = new SlowAnswers(clock);
    const other = new ConsentRegister(slow, clock);
    const asked = other.findAll([['u-fred']]);
    await slow.hasRead;
    await other.withdraw(['u-fred'], ['u-fred']);
    slow.answer();
    expect(await asked).toEqual([undefined]);
    expect(other.areUnmarked([['u-fred']])).toBe(false);
  });
});

/** The first question is answered when somebody says so, with what stood there when it was asked. */
class SlowAnswers extends MemoryRecordStore {
  answer: () => void = () => undefined;
  private read: () => void = () => undefined;
  readonly hasRead = new Promise<void>((resolve) => (this.read = resolve));
  private isFirst = true;

  override async get(collection: string, keys: readonly string[]) {
    const values = await super.get(collection, keys);
    if (!this.isFirst) return values;
    this.isFirst = false;
    const answered = new Promise<void>((resolve) => (this.answer = resolve));
    this.read();
    await answered;
    return values;
  }
}
