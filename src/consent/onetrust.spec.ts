import fc from 'fast-check';

import { readOneTrust } from './onetrust';

const ANSWERED = '2025-01-14T09:20:30.000Z';
const DATE = 'Tue+Jan+14+2025+10%3A20%3A30+GMT%2B0100+(Central+European+Standard+Time)';

/** The cookie as a browser sends it: a query whose values are encoded. */
function cookie(fields: Record<string, string> = {}): string {
  const all = {
    isGpcEnabled: '0',
    datestamp: DATE,
    version: '202409.1.0',
    browserGpcFlag: '0',
    consentId: '11111111-2222-3333-4444-555555555555',
    interactionCount: '1',
    landingPath: 'NotLandingPage',
    groups: 'C0001%3A1%2CC0002%3A0%2CC0003%3A1%2CC0004%3A1',
    geolocation: 'DE%3BBY',
    ...fields,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

describe('readOneTrust', () => {
  const read = (fields?: Record<string, string>, alertBoxClosed: unknown = ANSWERED) =>
    readOneTrust(cookie(fields), { alertBoxClosed });

  it('reads what the person answered', () => {
    expect(read()).toEqual({
      adStorage: 'granted',
      analyticsStorage: 'denied',
      adUserData: 'granted',
      adPersonalization: 'granted',
      region: 'DE-BY',
      source: 'onetrust',
      version: '202409.1.0',
      capturedAt: Date.parse(ANSWERED),
    });
  });

  it('reads the same from a cookie that was decoded already', () => {
    expect(readOneTrust(decodeURIComponent(cookie()), { alertBoxClosed: ANSWERED })).toEqual(
      read(),
    );
  });

  it('takes what is preset for no consent: off is denied, on is not known', () => {
    expect(read({}, null)).toEqual({
      analyticsStorage: 'denied',
      region: 'DE-BY',
      source: 'onetrust',
      version: '202409.1.0',
      capturedAt: Date.parse('2025-01-14T09:20:30Z'),
    });
    expect(read({}, 'soon')).not.toHaveProperty('adStorage');
  });

  it.each<[string, Record<string, string>, object]>([
    ['the signal of the browser', { isGpcEnabled: '1' }, { gpc: true }],
    ['a refusal of sale', { groups: 'C0001%3A1%2CSPD_BG%3A0' }, { saleOptOut: true }],
    ['a place in the US', { geolocation: 'US%3BCA' }, { region: 'US-CA' }],
    ['a country alone', { geolocation: 'FR%3B' }, { region: 'FR' }],
  ])('reads %s', (_what, fields, expected) => {
    expect(read(fields)).toMatchObject(expected);
  });

  it.each([
    ['east', DATE, '2025-01-14T09:20:30Z'],
    ['west', DATE.replace('%2B0100', '-0500'), '2025-01-14T15:20:30Z'],
  ])('reads a time %s of Greenwich', (_where, datestamp, utc) => {
    expect(read({ datestamp }, null)?.capturedAt).toBe(Date.parse(utc));
  });

  it('says nothing of sale where the group is on', () => {
    expect(read({ groups: 'C0001%3A1%2CSPD_BG%3A1' })).not.toHaveProperty('saleOptOut');
  });

  it('needs every group of a purpose, where the host has named its own', () => {
    const settings = {
      alertBoxClosed: ANSWERED,
      groups: { ads: ['adStorage'], social: ['adStorage'], stats: ['analyticsStorage'] },
    } as const;
    const text = (groups: string) => cookie({ groups });
    expect(readOneTrust(text('ads:1,social:1,stats:1'), settings)).toMatchObject({
      adStorage: 'granted',
      analyticsStorage: 'granted',
    });
    expect(readOneTrust(text('ads:1,social:0'), settings)).toMatchObject({ adStorage: 'denied' });
    expect(readOneTrust(text('ads:0,ads:1'), settings)).toMatchObject({ adStorage: 'denied' });
    expect(readOneTrust(text('ads:1'), settings)).not.toHaveProperty('adUserData');
  });

  it('is not misled by the URL of the page on which the visit began', () => {
    const landing = (query: string) => `https%3A%2F%2Fshop.example.com%2F%3F${query}`;
    const groups = 'C0001%3A1%2CC0002%3A1%2CC0004%3A0';
    const brought = landing('a%3D1%26groups%3DC0001%3A1%2CC0002%3A1%2CC0004%3A1');
    expect(read({ groups, landingPath: brought })).toMatchObject({
      analyticsStorage: 'granted',
      adStorage: 'denied',
    });
    expect(read({ landingPath: landing('a%3D1%26groups%3Dshoes') })).toEqual(read({}));
    const few = landing('a%3D1%26groups%3DC0004%3A1');
    expect(read({ groups, landingPath: few })).toMatchObject({
      analyticsStorage: 'denied',
      adStorage: 'denied',
    });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no text', {}],
    ['a cookie without groups', 'isGpcEnabled=0&version=1'],
    ['empty groups', cookie({ groups: '' })],
    ['groups that are none', cookie({ groups: 'C0001:yes' })],
    ['half an escape', cookie({ groups: 'C0001%3A1%2' })],
    ['an endless text', cookie({ landingPath: 'x'.repeat(5_000) })],
  ])('reads nothing from %s', (_what, text) => {
    expect(readOneTrust(text, { alertBoxClosed: ANSWERED })).toBeUndefined();
  });

  it('reads every cut-off cookie without throwing, and grants nothing that the whole did not', () => {
    const whole = cookie();
    fc.assert(
      fc.property(fc.nat(whole.length), (length) => {
        const consent = readOneTrust(whole.slice(0, length), { alertBoxClosed: ANSWERED });
        expect(consent?.analyticsStorage).not.toBe('granted');
      }),
    );
  });
});
