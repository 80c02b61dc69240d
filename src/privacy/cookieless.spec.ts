import { CATALOG } from '../destinations/catalog';
import { CLICK_ID_SOURCES } from '../context/click-id-sources';
import type { ClickIdSource } from '../events/click-id-source';
import { aContext } from '../testing/event-builders';
import { protectForTest } from '../testing/protect-for-test';
import { asDecided, cookielessContext } from './cookieless';

const SOURCES: readonly ClickIdSource[] = [
  ...CLICK_ID_SOURCES,
  ...CATALOG.flatMap(
    (definition: { clickIds?: readonly ClickIdSource[] }) => definition.clickIds ?? [],
  ),
  { name: 'fbc', query: 'fbclid' },
];

describe('cookielessContext', () => {
  it('keeps what the request says and drops what the browser had stored', () => {
    expect(cookielessContext(aContext())).toEqual({
      ip: '203.0.113.7',
      userAgent: aContext().userAgent,
      url: 'https://shop.example.com/checkout/thanks',
      referrer: 'https://shop.example.com/checkout',
      language: 'en-GB',
    });
  });

  it.each(SOURCES.flatMap(({ query }) => query ?? []))('takes %s out of URLs', (parameter) => {
    const url = `https://shop.example.com/a?utm_source=x&${parameter}=AbC%20d&b=1`;
    const clean = 'https://shop.example.com/a?utm_source=x&b=1';
    expect(cookielessContext({ url, referrer: url })).toEqual({ url: clean, referrer: clean });
  });

  it.each([
    ['https://shop.example.com/?FBCLID=1', 'https://shop.example.com/'],
    ['https://shop.example.com/?%66bclid=1', 'https://shop.example.com/'],
    ['https://shop.example.com/?a=gclid', 'https://shop.example.com/?a=gclid'],
    ['https://shop.example.com/?%=1', 'https://shop.example.com/?%=1'],
  ])('%s becomes %s', (url, clean) => {
    expect(cookielessContext({ url }).url).toBe(clean);
  });

  it('leaves the context as it was', () => {
    const context = aContext();
    cookielessContext(context);
    expect(context).toEqual(aContext());
  });
});

describe('asDecided', () => {
  const event = protectForTest({ name: 'contact', context: aContext() });
  const decision = { kind: 'send', isLimited: false, isCookieless: false } as const;

  it('is the event itself where nothing was decided', () => {
    expect(asDecided(event, { ...decision, consent: event.consent })).toBe(event);
  });

  it('has no visitor where storage for analytics is refused, whoever gets it', () => {
    const known = protectForTest({
      name: 'contact',
      context: aContext({ visitorId: 'visitor-1', sessionId: '1760000000' }),
    });
    expect(known.userData.visitorId).toBeDefined();
    const decided = asDecided(known, { ...decision, consent: { analyticsStorage: 'denied' } });
    expect(decided.userData.visitorId).toBeUndefined();
    expect([decided.context.visitorId, decided.context.sessionId]).toEqual([undefined, undefined]);
    expect(decided.context.clickIds).toEqual(aContext().clickIds);
  });

  it('has no click IDs where storage for ads is refused, whoever gets it', () => {
    const { context } = asDecided(event, { ...decision, consent: { adStorage: 'denied' } });
    expect(context.clickIds).toBeUndefined();
    expect(context.gaClientId).toBe('1162820436.1749482504');
  });

  it('has the consent that was decided', () => {
    const consent = { adUserData: 'denied' } as const;
    expect(asDecided(event, { ...decision, consent }).consent).toBe(consent);
  });
});
