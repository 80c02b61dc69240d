import { fieldsOf } from './audit-trail';
import type { Destination } from './destinations/destination';
import type { TrackingEvent } from './events/tracking-event';
import { aContext, aPurchase } from './testing/event-builders';
import { protectForTest } from './testing/protect-for-test';

type Reads = Pick<Destination, 'userDataForms' | 'matchKeys'>;

const META_LIKE: Reads = {
  userDataForms: ['externalId', 'email', 'phoneDigits'],
  matchKeys: { context: ['ip', 'userAgent'], clickIds: ['fbc', 'fbp'] },
};
const GA4_LIKE: Reads = {
  userDataForms: ['emailGoogle', 'visitorId'],
  matchKeys: { userData: ['userId'], context: ['gaClientId', 'sessionId'] },
};
const OWN: Reads = { userDataForms: [] };

const CONTEXT = {
  ip: '203.0.113.7',
  userAgent: 'Mozilla/5.0',
  url: 'https://shop.example.com/cart',
  gaClientId: '1162820436.1749482504',
  visitorId: 'v_1',
  clickIds: { fbc: 'fb.1.1795349425058.IwAR0demo', ttclid: 'E.C.P.demo' },
};
const PURCHASE: TrackingEvent = {
  name: 'purchase',
  ...aPurchase({ user: { id: 'user_123', email: 'jane@example.com' } }),
  properties: { plan: 'pro' },
  context: CONTEXT,
};

function fields(destination: Reads, event: TrackingEvent = PURCHASE): readonly string[] {
  return [...fieldsOf(destination, protectForTest(event))].sort();
}

describe('the fields of an audit line', () => {
  it('are those that the destination reads, and none that another platform gets', () => {
    expect(fields(META_LIKE)).toEqual([
      'clickIds.fbc',
      'context.ip',
      'context.url',
      'context.userAgent',
      'properties.plan',
      'user.email',
      'user.externalId',
    ]);
    expect(fields(GA4_LIKE)).toEqual([
      'context.gaClientId',
      'context.url',
      'properties.plan',
      'user.emailGoogle',
      'user.userId',
      'user.visitorId',
    ]);
  });

  it('name no user data and no click ID of a person who refused user data for ads', () => {
    const event: TrackingEvent = { ...PURCHASE, consent: { adUserData: 'denied' } };
    expect(fields(GA4_LIKE, event)).toEqual([
      'context.gaClientId',
      'context.url',
      'properties.plan',
      'user.userId',
      'user.visitorId',
    ]);
  });

  it('are all that a destination of the host could read, where it does not tell', () => {
    const all = fields(OWN, { ...PURCHASE, context: aContext() });
    expect(all).toEqual(expect.arrayContaining(['user.email', 'clickIds.fbc', 'context.ip']));
    expect(all.join()).not.toContain('consent');
  });
});
