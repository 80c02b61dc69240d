import { USER_DATA_FORMS, type ProtectedEvent } from '../events/protected-event';
import {
  FORMS_OF_FIELD,
  minimizationRules,
  type MinimizationOptions,
} from './minimization.options';
import { minimizeEvent } from './minimize-event';

const EVENT = {
  name: 'purchase',
  eventId: 'purchase:10001',
  occurredAtMs: Date.UTC(2026, 0, 15, 10),
  details: { items: [], orderId: '10001', value: 49.9, currency: 'EUR' },
  userData: {
    externalId: 'hash of id',
    userId: 'user_123',
    email: 'hash of email',
    emailGoogle: 'hash of google email',
    phoneDigits: 'hash of phone',
    country: 'hash of gb',
    countryCode: 'gb',
  },
  context: {
    ip: '203.0.113.77',
    userAgent: 'Mozilla/5.0',
    url: 'https://shop.example.com/thanks?utm_source=x&gclid=Cj0',
    referrer: 'https://shop.example.com/cart?step=2',
    language: 'en-GB',
    clickIds: { fbc: 'fb.1.1.abc', fbp: 'fb.1.1.2' },
    gaClientId: '1162820436.1749482504',
  },
  consent: { adUserData: 'granted' },
  properties: { days: 7, note: 'gift', nested: { a: 1 } },
} as unknown as ProtectedEvent;

function minimized(options: MinimizationOptions, takesAnonymizedIp = true): ProtectedEvent {
  return minimizeEvent(EVENT, minimizationRules(options, takesAnonymizedIp) ?? {});
}

describe('minimizeEvent', () => {
  it.each<[string, MinimizationOptions]>([
    ['nothing set', {}],
    [
      'everything allowed',
      { ip: 'full', userAgent: true, clickIds: true, url: 'full', properties: true },
    ],
    ['all that the event has allowed by name', { fields: ['id', 'email', 'phone', 'country'] }],
    ['its properties allowed by name', { properties: ['days', 'note', 'nested', 'other'] }],
  ])('gives back the event itself with %s', (_name, options) => {
    expect(minimized(options)).toBe(EVENT);
  });

  it('sends no user data but what is allowed, in every form of it', () => {
    expect(minimized({ fields: ['email', 'country'] }).userData).toEqual({
      email: 'hash of email',
      emailGoogle: 'hash of google email',
      country: 'hash of gb',
      countryCode: 'gb',
    });
    expect(minimized({ fields: [] }).userData).toEqual({});
  });

  it.each<[MinimizationOptions['ip'], boolean, string | undefined]>([
    ['full', true, '203.0.113.77'],
    ['anonymized', true, '203.0.113.0'],
    ['anonymized', false, undefined],
    ['none', true, undefined],
  ])('with ip %s, where a cut one is of use: %s, sends %s', (ip, takesAnonymizedIp, sent) => {
    expect(minimized({ ip }, takesAnonymizedIp).context.ip).toBe(sent);
  });

  it.each<[MinimizationOptions['url'], string | undefined, string | undefined]>([
    ['path', 'https://shop.example.com/thanks', 'https://shop.example.com/cart'],
    ['origin', 'https://shop.example.com/', 'https://shop.example.com/'],
    ['none', undefined, undefined],
  ])('with url %s sends %s', (url, page, referrer) => {
    expect(minimized({ url }).context).toMatchObject({ ip: '203.0.113.77' });
    expect(minimized({ url }).context.url).toBe(page);
    expect(minimized({ url }).context.referrer).toBe(referrer);
  });

  it('leaves out user agent and click IDs where they are off, in URLs as well, and no more', () => {
    const { context } = minimized({ userAgent: false, clickIds: false });
    expect(JSON.parse(JSON.stringify(context))).toEqual({
      ip: '203.0.113.77',
      url: 'https://shop.example.com/thanks?utm_source=x',
      referrer: 'https://shop.example.com/cart?step=2',
      language: 'en-GB',
      gaClientId: '1162820436.1749482504',
    });
  });

  it('sends the properties that are named, or none', () => {
    expect(minimized({ properties: ['days'] }).properties).toEqual({ days: 7 });
    expect(minimized({ properties: false }).properties).toBeUndefined();
    expect(minimized({ properties: ['other'] }).properties).toBeUndefined();
  });

  it('leaves the event that it was given as it was', () => {
    const before = JSON.stringify(EVENT);
    minimized({
      fields: [],
      ip: 'none',
      userAgent: false,
      clickIds: false,
      url: 'none',
      properties: false,
    });
    expect(JSON.stringify(EVENT)).toBe(before);
  });
});

describe('FORMS_OF_FIELD', () => {
  it('says of every form whose it is, so that none slips through', () => {
    const forms = Object.values(FORMS_OF_FIELD).flat();
    expect([...forms].sort()).toEqual([...USER_DATA_FORMS, 'userId', 'countryCode'].sort());
  });
});
