import type { AuditFact } from './audit-record';
import { cleanSentence } from './clean-text';
import { detailsOf, storedEventId, subjectsOf } from './fact-details';

const CANARIES = [
  'ada.canary@example.com',
  'ada.canary%40example.com',
  '+49 151 5550 1234',
  '+4915155501234',
  '203.0.113.77',
  '2001:db8::7777',
];
const SECRETS = [
  '015155501234',
  'EAABcanarytoken0123456789abcdef',
  'https://shop.example/reset?user=canary-7',
  'fb.1.1768471191000.IwAR0canary-7',
];

const AROUND: readonly ((canary: string) => string)[] = [
  (canary) => canary,
  (canary) => `invalid value "${canary}" in user_data`,
  (canary) => `user=${canary};`,
  (canary) => `(${canary})`,
];

function factOf(text: string): AuditFact {
  const given: Record<keyof AuditFact, unknown> = {
    kind: 'rejected',
    atMs: 0,
    subjects: [text],
    destination: text,
    eventName: text,
    eventId: text,
    reason: text,
    consent: { granted: [text], region: text, source: text, version: text, capturedAt: text },
    fields: [text, 'email'],
    attempts: text,
    platformCode: text,
    traceId: text,
    counts: { [text]: 1, entries: text },
  };
  return given as AuditFact;
}

describe('what is written of a fact', () => {
  it.each(CANARIES)('holds no %s, in whichever text it came', (canary) => {
    const written = [detailsOf(factOf(canary)), storedEventId(canary), subjectsOf(factOf(canary))];
    expect(JSON.stringify(written)).not.toContain(canary);
    expect(JSON.stringify(written)).not.toContain('canary');
  });

  it.each(AROUND.flatMap((around) => [...CANARIES, ...SECRETS].map(around)))(
    'keeps nothing about a person of the reason %j',
    (reason) => {
      expect(cleanSentence(reason, 200)).toContain('[removed]');
      expect(cleanSentence(reason, 200)).not.toMatch(/canary|5550|0\.113|db8/);
    },
  );

  it.each([
    'consent denied for adStorage, analyticsStorage',
    'gave up after 12 attempts: HTTP 503',
    'Meta error 100/2804003: missing event_source_url',
    'destinations.meta.accessToken was revoked',
    'older than 7 days',
  ])('keeps the reason %j', (reason) => {
    expect(cleanSentence(reason, 200)).toBe(reason);
  });

  it.each(['purchase:10045', 'renew:in_1PqR', '0198c7f2-7d3a-7cc3-98c4-dc0c0c07398f', '100200300'])(
    'keeps the event ID %s',
    (eventId) => {
      expect(storedEventId(eventId)).toBe(eventId);
    },
  );

  it.each([
    ['purchase:+4915155501234', 'purchase:[removed]'],
    ['purchase:+49 (151) 5550-1234', 'purchase:[removed]'],
    ['purchase:004915155501234', 'purchase:[removed]'],
    ['refund:+4915155501234:re_1', 'refund:[removed]:re_1'],
    ['refund:004915155501234:2', 'refund:[removed]:2'],
    ['signup-+4915155501234', 'signup-[removed]'],
    ['lead:203.0.113.77', 'lead:[removed]'],
    ['lead:2001:db8::7777', 'lead:[removed]'],
    ['purchase:ada.canary@example.com', '[removed]'],
  ])('removes of the event ID %s what is about a person', (eventId, stored) => {
    expect(storedEventId(eventId)).toBe(stored);
  });

  it.each(['purchase:000000123', 'purchase:0000012345678', 'purchase:2026-11-22:0042'])(
    'keeps the order number of %s',
    (eventId) => {
      expect(storedEventId(eventId)).toBe(eventId);
    },
  );

  it('cuts what is too long, and leaves out what no storage gives back', () => {
    const long = `${'word '.repeat(1_000)}\u0000\ud800`;
    expect(detailsOf(factOf(long)).length).toBeLessThan(2_000);
    expect(storedEventId('a\u0000b\ud800c')).toBe('a b c');
    expect(storedEventId(`${'a'.repeat(255)}👋`)).toBe('a'.repeat(255));
  });

  it.each([
    ['a keyed hash in hex', 'a3f1c2d4e5b60718', true],
    ['a keyed hash in base64url', 'Zm9vYmFyYmF6cXV4-_abcd', true],
    ['a phone number', '004915155501234', false],
    ['an e-mail address', 'ada.canary@example.com', false],
    ['an IP address', '2001:db8:0:0:0:0:0:7777', false],
    ['what is too short to be one', 'ada', false],
  ])('takes for a person %s: %s', (_what, subject, isTaken) => {
    expect(subjectsOf({ kind: 'erased', atMs: 0, subjects: [subject] })).toHaveLength(
      isTaken ? 1 : 0,
    );
  });

  it('is about four people at most, each once', () => {
    const subjects = ['a', 'a', 'b', 'c', 'd', 'e'].map((one) => one.repeat(20));
    expect(subjectsOf({ kind: 'erased', atMs: 0, subjects })).toEqual(
      ['a', 'b', 'c', 'd'].map((one) => one.repeat(20)),
    );
  });

  it('reads a hostile reason in time that its length bounds', () => {
    const startedAt = performance.now();
    for (const part of ['1.', ':a', '1 ', 'a=', '((', '%40'])
      cleanSentence(part.repeat(100_000), 200);
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });
});
