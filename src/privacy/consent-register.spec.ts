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
});
