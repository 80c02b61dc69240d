import fc from 'fast-check';

import type { ConsentState } from '../events/consent';
import { recallVisitor, recognizeVisit, type StorageConsent, type VisitSource } from './visit';

const NOW = 1_760_000_000_000;
const DAY = 24 * 3_600_000;
const ID = '0b1c2d3e-4f50-4161-8273-8495a6b7c8d9';
const ALIVE = '1759999900.1759999990';
const FBP = 'fb.1.1759990000000.1098115397';
const SETTINGS = {
  cookieName: 'visitor_id',
  sessionCookieName: 'visitor_session',
  ttlMs: 400 * DAY,
  sessionIdleMs: 30 * 60_000,
  platformCookies: true,
};
const ALL: StorageConsent = { analyticsStorage: 'granted', adStorage: 'granted' };
const ANALYTICS: StorageConsent = { analyticsStorage: 'granted', adStorage: 'denied' };
const ADS: StorageConsent = { analyticsStorage: undefined, adStorage: 'granted' };

function visit(
  source: Partial<VisitSource>,
  consent: StorageConsent = ALL,
  settings: Partial<typeof SETTINGS> = {},
) {
  const nothing = { cookies: {}, fbclid: undefined, ttclid: undefined, subdomainIndex: 1 };
  return recognizeVisit({ ...nothing, ...source }, consent, { ...SETTINGS, ...settings }, NOW);
}

function written(...from: Parameters<typeof visit>) {
  return visit(...from).changes.map(({ name, value }) => `${name}=${value ?? 'gone'}`);
}

describe('recognizeVisit: who it is', () => {
  it('makes a visitor and a session at the first visit', () => {
    const { visitorId, sessionId, isNewSession, changes } = visit({}, ANALYTICS);
    expect(visitorId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
    expect([sessionId, isNewSession]).toEqual(['1760000000', true]);
    expect(changes).toEqual([
      { name: 'visitor_id', value: visitorId, maxAgeMs: 400 * DAY, isForScripts: false },
      {
        name: 'visitor_session',
        value: '1760000000.1760000000',
        maxAgeMs: 30 * 60_000,
        isForScripts: false,
      },
    ]);
  });

  it('makes everybody another one', () => {
    const ids = Array.from({ length: 100 }, () => visit({}).visitorId);
    expect(new Set(ids).size).toBe(100);
  });

  const KNOWN = { visitor_id: ID, visitor_session: ALIVE };
  it.each<[string, Record<string, string>, string[]]>([
    ['writes nothing in the minute after it was written', KNOWN, []],
    [
      'keeps a session alive',
      { ...KNOWN, visitor_session: '1759999000.1759999000' },
      ['visitor_session=1759999000.1760000000'],
    ],
    [
      'begins another session after half an hour, and remembers the visitor from then on',
      { ...KNOWN, visitor_session: '1759990000.1759998200' },
      [`visitor_id=${ID}`, 'visitor_session=1760000000.1760000000'],
    ],
    [
      'begins a session for a visitor without one',
      { visitor_id: ID },
      [`visitor_id=${ID}`, 'visitor_session=1760000000.1760000000'],
    ],
  ])('%s', (_rule, cookies, changes) => {
    expect(written({ cookies }, ANALYTICS)).toEqual(changes);
    expect(visit({ cookies }, ANALYTICS).visitorId).toBe(ID);
  });

  it.each([
    'x',
    '',
    `${ID} `,
    ID.toUpperCase(),
    `${ID}\r\nSet-Cookie: a=b`,
    '<script>',
    `${ID}${ID}`,
  ])('takes %j for no visitor, and begins anew', (visitorId) => {
    const found = visit({ cookies: { ...KNOWN, visitor_id: visitorId } }, ANALYTICS);
    expect(found.visitorId).not.toBe(visitorId);
    expect(found).toMatchObject({ sessionId: '1760000000', isNewSession: true });
  });

  it.each<[string, ConsentState | undefined, string | undefined, string[]]>([
    ['recalls, and writes nothing, where nobody said anything', undefined, ID, []],
    ['recalls, and writes nothing, where it is unknown', 'unknown', ID, []],
    [
      'takes away what is there where it is refused',
      'denied',
      undefined,
      ['visitor_id=gone', 'visitor_session=gone'],
    ],
  ])('%s', (_rule, analyticsStorage, visitorId, changes) => {
    const found = visit({ cookies: KNOWN }, { analyticsStorage, adStorage: undefined });
    expect([found.visitorId, found.isNewSession]).toEqual([visitorId, false]);
    expect(written({ cookies: KNOWN }, { analyticsStorage, adStorage: undefined })).toEqual(
      changes,
    );
  });

  it('takes away nothing that is not there', () => {
    expect(written({}, { analyticsStorage: 'denied', adStorage: 'denied' })).toEqual([]);
  });
});

describe('recallVisitor', () => {
  it('knows no session that has ended', () => {
    const cookies = { visitor_id: ID, visitor_session: '1759990000.1759998200' };
    expect(recallVisitor(cookies, undefined, SETTINGS, NOW)).toEqual({ visitorId: ID });
  });

  it('knows nobody by a session alone, and nobody who refused', () => {
    expect(recallVisitor({ visitor_session: ALIVE }, 'granted', SETTINGS, NOW)).toEqual({});
    expect(recallVisitor({ visitor_id: ID }, 'denied', SETTINGS, NOW)).toEqual({});
  });
});

describe('recognizeVisit: what ad platforms read', () => {
  it('makes _fbp, and _fbc of a click alone', () => {
    const { changes, clickIds } = visit({}, ADS);
    expect(clickIds.fbp).toMatch(/^fb\.1\.1760000000000\.[1-9]\d{0,9}$/);
    expect(Number(clickIds.fbp?.split('.')[3])).toBeLessThan(2_147_483_647);
    expect(changes).toEqual([
      { name: '_fbp', value: clickIds.fbp, maxAgeMs: 90 * DAY, isForScripts: true },
    ]);
  });

  const CLICK = 'fb.1.1759990000000.IwAR0abcDEF';
  it.each<[string, Partial<VisitSource>, string[]]>([
    ['a click', { fbclid: 'IwAR0abcDEF' }, ['_fbc=fb.1.1760000000000.IwAR0abcDEF']],
    [
      'a click where the cookies are those of example.co.uk',
      { fbclid: 'IwAR0abcDEF', subdomainIndex: 2 },
      ['_fbc=fb.2.1760000000000.IwAR0abcDEF'],
    ],
    ['the click that is known', { fbclid: 'IwAR0abcDEF', cookies: { _fbc: CLICK } }, []],
    [
      'the click that is known, with an appendix',
      { fbclid: 'IwAR0abcDEF', cookies: { _fbc: `${CLICK}.AQQCAQIB` } },
      [],
    ],
    [
      'another click',
      { fbclid: 'IwAR0next', cookies: { _fbc: `${CLICK}.AQQCAQIB` } },
      ['_fbc=fb.1.1760000000000.IwAR0next'],
    ],
    [
      'a click beside a cookie that is none',
      { fbclid: 'IwAR0abcDEF', cookies: { _fbc: 'fb.x.1.A' } },
      ['_fbc=fb.1.1760000000000.IwAR0abcDEF'],
    ],
    ['no click beside a cookie that is none', { cookies: { _fbc: 'fb.x.1.A' } }, []],
    ['an empty click', { fbclid: '', ttclid: '' }, []],
    ['a click of TikTok', { ttclid: 'E.C.P.example' }, ['ttclid=E.C.P.example']],
    [
      'the click of TikTok that is known',
      { ttclid: 'E.C.P.example', cookies: { ttclid: 'E.C.P.example' } },
      [],
    ],
    [
      'another click of TikTok',
      { ttclid: 'E.C.P.next', cookies: { ttclid: 'E.C.P.example' } },
      ['ttclid=E.C.P.next'],
    ],
    ['no click of TikTok', { cookies: { ttclid: 'E.C.P.example' } }, []],
    ['a click that breaks the line', { fbclid: 'a\r\nSet-Cookie: b=c', ttclid: 'a\u0000b' }, []],
    ['a click that is too long', { fbclid: 'a'.repeat(1_501), ttclid: 'b'.repeat(1_501) }, []],
  ])('keeps of %s what it should', (_what, { cookies, ...source }, changes) => {
    expect(written({ ...source, cookies: { _fbp: FBP, ...cookies } }, ADS)).toEqual(changes);
  });

  it('keeps a click of TikTok for thirty days, where scripts see it', () => {
    expect(visit({ ttclid: 'E.C.P.example', cookies: { _fbp: FBP } }, ADS).changes).toEqual([
      { name: 'ttclid', value: 'E.C.P.example', maxAgeMs: 30 * DAY, isForScripts: true },
    ]);
  });

  it('tells a click that is too long to keep to the event of its landing', () => {
    const ttclid = 'b'.repeat(3_000);
    expect(visit({ ttclid }, ADS).clickIds.ttclid).toBe(ttclid);
  });

  it('leaves them alone where the host does not want them, and takes them away where they are refused', () => {
    const cookies = { _fbc: CLICK, _fbp: FBP, ttclid: 'E.C.P.example' };
    const source = { cookies, fbclid: 'IwAR0next', ttclid: 'E.C.P.next' };
    const refused: StorageConsent = { analyticsStorage: undefined, adStorage: 'denied' };
    for (const consent of [ADS, refused])
      expect(visit(source, consent, { platformCookies: false })).toMatchObject({
        clickIds: {},
        changes: [],
      });
    expect(visit(source, refused).clickIds).toEqual({});
    expect(written(source, refused)).toEqual(['_fbc=gone', '_fbp=gone', 'ttclid=gone']);
    expect(written({ ...source, cookies: {} }, refused)).toEqual([]);
  });
});

describe('recognizeVisit: whatever a stranger sends', () => {
  const state = fc.constantFrom<ConsentState | undefined>(
    'granted',
    'denied',
    'unknown',
    undefined,
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(ID, ALIVE, FBP, 'fb.1.1.a\r\nb', `${ID}\n`, '__proto__'),
  );
  const source = fc.record({
    cookies: fc.dictionary(
      fc.constantFrom('visitor_id', 'visitor_session', '_fbc', '_fbp', 'ttclid'),
      text,
    ),
    fbclid: fc.option(text, { nil: undefined }),
    ttclid: fc.option(text, { nil: undefined }),
    subdomainIndex: fc.nat(5),
  });

  it('is given no cookie without a consent for it, and never a control character', () => {
    let writes = 0;
    fc.assert(
      fc.property(source, state, state, (from, analyticsStorage, adStorage) => {
        const { changes } = visit(from, { analyticsStorage, adStorage });
        writes += changes.length;
        const wrong = changes.filter(({ name, value, isForScripts }) => {
          const consent = isForScripts ? adStorage : analyticsStorage;
          const isOurs = name.startsWith('visitor_');
          if (isForScripts === isOurs) return true;
          if (value === undefined) return consent !== 'denied';
          return consent !== 'granted' || !/^[\x21-\x7e]+$/.test(value);
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
    expect(writes).toBeGreaterThan(1_000);
  });
});
