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

  it('knows without a question who took nothing back', async () => {
    const fresh = new ConsentRegister(new MemoryRecordStore(clock), clock);
    expect(fresh.areUnmarked([['u-dora']])).toBe(false);
    await fresh.withdraw(['u-bert'], ['u-bert']);
    await fresh.find(['u-dora']);
    expect(fresh.areUnmarked([['u-dora'], [], ['u-gina', 'e-gina']])).toBe(true);
    expect(fresh.areUnmarked([['u-dora'], ['u-bert']])).toBe(false);
    await fresh.withdraw(['u-emil'], ['u-emil', 'e-emil']);
    expect(fresh.areUnmarked([['u-dora']])).toBe(true);
    expect(fresh.areUnmarked([['u-dora', 'e-emil']])).toBe(false);
    expect(await fresh.findAll([['u-dora'], ['u-emil']])).toEqual([
      undefined,
      await fresh.find(['e-emil']),
    ]);
  });

  it('hears of what another one takes back by the same store', async () => {
    const shared = new MemoryRecordStore(clock);
    const [one, other] = [new ConsentRegister(shared, clock), new ConsentRegister(shared, clock)];
    await other.find(['u-hans']);
    await other.find(['u-hans']);
    expect(other.areUnmarked([['u-ines']])).toBe(true);
    const withdrawal = await one.withdraw(['u-ines'], ['u-ines']);
    expect(other.areUnmarked([['u-ines']])).toBe(false);
    expect(await other.find(['u-ines'])).toEqual(withdrawal);
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

  override async keys(collection: string, limit: number) {
    const keys = await super.keys(collection, limit);
    if (!this.isFirst) return keys;
    this.isFirst = false;
    const answered = new Promise<void>((resolve) => (this.answer = resolve));
    this.read();
    await answered;
    return keys;
  }
}
