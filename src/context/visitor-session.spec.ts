import { isStale, newSession, readSession, sessionCookie } from './visitor-session';

const NOW = 1_760_000_000_000;
const IDLE = 30 * 60_000;
const at = (seconds: number) => String(NOW / 1_000 + seconds);

describe('readSession', () => {
  it.each<[string, string | undefined, boolean]>([
    ['goes on within half an hour', `${at(-7_200)}.${at(-1_799)}`, true],
    ['ends after half an hour', `${at(-7_200)}.${at(-1_800)}`, false],
    ['is believed from a server whose clock is ahead', `${at(-60)}.${at(20)}`, true],
    ['is not believed from tomorrow', `${at(-60)}.${at(86_400)}`, false],
    ['cannot begin after its last sign of life', `${at(5)}.${at(0)}`, false],
    ['is none without a cookie', undefined, false],
    ['is none in an empty cookie', '', false],
    ['is none in garbage', 'abc.def', false],
    ['is none with more behind it', `${at(0)}.${at(0)}.1`, false],
    ['is none in milliseconds', `${NOW}.${NOW}`, false],
    ['is none of zeros', '0000000000.0000000000', false],
    ['is none with a line break', `${at(0)}.${at(0)}\n`, false],
  ])('%s', (_rule, cookie, isAlive) => {
    expect(readSession(cookie, IDLE, NOW) !== undefined).toBe(isAlive);
  });

  it('knows when it began', () => {
    expect(readSession(`${at(-60)}.${at(-30)}`, IDLE, NOW)).toEqual({
      id: at(-60),
      lastSeenMs: NOW - 30_000,
    });
  });
});

describe('a session', () => {
  it('is itself again when it is read', () => {
    const session = newSession(NOW);
    expect(readSession(sessionCookie(session, NOW), IDLE, NOW)).toEqual(session);
  });

  it('gives a sign of life once a minute, a short one more often', () => {
    expect(isStale(newSession(NOW), IDLE, NOW + 59_999)).toBe(false);
    expect(isStale(newSession(NOW), IDLE, NOW + 60_000)).toBe(true);
    expect(isStale(newSession(NOW), 60_000, NOW + 6_000)).toBe(true);
  });

  it('is not turned back by a server whose clock is behind', () => {
    const ahead = { id: at(0), lastSeenMs: NOW + 20_000 };
    expect(isStale(ahead, IDLE, NOW)).toBe(false);
    expect(sessionCookie(ahead, NOW)).toBe(`${at(0)}.${at(20)}`);
  });
});
