import type { Destination } from './destinations/destination';
import type { TrackingEvent } from './events/tracking-event';
import { MatchQualityBoard } from './match-quality';
import { aContext, aPurchase } from './testing/event-builders';
import { protectForTest } from './testing/protect-for-test';

/** What the board asks of a destination. */
const SHOP = {
  name: 'shop',
  userDataForms: ['externalId', 'visitorId', 'email', 'phoneDigits'],
  matchKeys: { userData: ['countryCode'], context: ['ip', 'gaClientId'], clickIds: ['fbc'] },
} as unknown as Destination;

const FULL = aPurchase();
const BARE: TrackingEvent = { name: 'contact' };

function boardWith(...events: readonly TrackingEvent[]): MatchQualityBoard {
  const board = new MatchQualityBoard([SHOP]);
  for (const event of events) board.note('shop', protectForTest(event), false);
  return board;
}

describe('match quality', () => {
  it('has the keys that the destination reads, in the words of the host, and no other', () => {
    expect(boardWith().of('shop')).toEqual({
      events: 0,
      keys: { id: 0, email: 0, phone: 0, country: 0, visitorId: 0, fbc: 0, ip: 0, gaClientId: 0 },
      tooWeak: 0,
    });
  });

  it('is the share of the events with each key', () => {
    const { events, keys } = boardWith(
      { name: 'purchase', ...FULL },
      { name: 'purchase', ...FULL, user: { email: 'jane@example.com' }, context: undefined },
      { name: 'contact', context: { visitorId: 'v_1', ip: '203.0.113.7' } },
      BARE,
    ).of('shop');
    expect(events).toBe(4);
    expect(keys).toMatchObject({ id: 0.25, email: 0.5, phone: 0.25, country: 0.25, fbc: 0.25 });
    expect(keys.ip).toBe(0.5);
  });

  it('counts no user data and no click IDs of a person who refused them for ads', () => {
    const consent = { adUserData: 'denied' } as const;
    const { keys } = boardWith({ name: 'purchase', ...FULL, context: aContext(), consent }).of(
      'shop',
    );
    expect(keys).toMatchObject({ id: 1, email: 0, phone: 0, country: 0, fbc: 0, ip: 1 });
  });

  it('is about the last 1,000 events: older ones are forgotten', () => {
    const board = new MatchQualityBoard([SHOP]);
    const [full, bare] = [protectForTest({ name: 'purchase', ...FULL }), protectForTest(BARE)];
    for (let count = 0; count < 1_000; count += 1) board.note('shop', full, count < 10);
    expect(board.of('shop')).toMatchObject({ events: 1_000, keys: { email: 1 }, tooWeak: 10 });
    for (let count = 0; count < 250; count += 1) board.note('shop', bare, count === 0);
    expect(board.of('shop')).toMatchObject({ events: 1_000, keys: { email: 0.75 }, tooWeak: 1 });
  });

  it('knows nothing of a destination that is not enabled', () => {
    const board = boardWith();
    board.note('other', protectForTest(BARE), false);
    expect(board.of('other')).toEqual({ events: 0, keys: {}, tooWeak: 0 });
  });
});
