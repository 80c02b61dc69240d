import type { WireEvent } from '../events/wire-event';
import type { DeliveryOutcome, Destination } from './destination';
import { TestModeUntil } from './test-mode';

const DELIVERED: readonly DeliveryOutcome[] = [{ kind: 'delivered' }];

/** With every optional part, so that one that is left behind is seen. */
function aDestination(): Required<Destination> {
  return {
    name: 'meta',
    limits: { maxBatchEvents: 1_000, maxBatchBytes: 1_000_000, maxEventAgeMs: 604_800_000 },
    requiredConsent: ['adStorage'],
    limitsPersonalizationIn: ['US'],
    usesConsent: ['adStorage', 'adUserData'],
    userDataForms: ['email'],
    matchKeys: { clickIds: ['fbc'] },
    encode: () => ({ kind: 'unsupported', reason: 'for the test' }),
    deliver: () => Promise.resolve(DELIVERED),
  };
}

describe('TestModeUntil', () => {
  it('is the usual destination in everything but where it delivers', () => {
    const usual = aDestination();
    const destination: Destination = new TestModeUntil(aDestination(), usual, () => false);
    const parts = Object.entries(usual).filter(([, part]) => typeof part !== 'function');
    expect(destination).toMatchObject(Object.fromEntries(parts));
  });

  it.each([
    ['in the test mode up to the moment', false, 'test'],
    ['as usual from then on', true, 'usual'],
  ])('delivers %s', async (_rule, isOver, expected) => {
    const delivered: string[] = [];
    const named = (name: string): Destination => ({
      ...aDestination(),
      deliver: () => {
        delivered.push(name);
        return Promise.resolve(DELIVERED);
      },
    });
    const destination = new TestModeUntil(named('test'), named('usual'), () => isOver);
    const batch: readonly WireEvent[] = [];
    await destination.deliver(batch, new AbortController().signal);
    expect(delivered).toEqual([expected]);
  });
});
