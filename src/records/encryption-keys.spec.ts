import { randomBytes } from 'node:crypto';

import { readEncryptionKeys } from './encryption-keys';

const FIRST = randomBytes(32);
const SECOND = randomBytes(32);

describe('readEncryptionKeys', () => {
  it.each<[string, unknown, readonly Buffer[]]>([
    ['nothing', undefined, []],
    ['an empty variable', ' ', []],
    ['one key', FIRST.toString('base64'), [FIRST]],
    [
      'keys with commas',
      `${FIRST.toString('hex')}, ${SECOND.toString('base64')},`,
      [FIRST, SECOND],
    ],
    ['a list', [FIRST.toString('base64url'), SECOND.toString('hex')], [FIRST, SECOND]],
  ])('reads %s', (_what, value, expected) => {
    const keys = readEncryptionKeys(value);
    expect(typeof keys === 'string' ? keys : keys.map((key) => Buffer.from(key))).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ['no text', 7],
    ['a list of no texts', [FIRST]],
    ['a password', 'correct horse'],
    ['one that is none among others', [FIRST.toString('hex'), 'correct horse']],
  ])('says what is wrong with %s, and shows nothing of it', (_what, value) => {
    const problem = readEncryptionKeys(value);
    expect(problem).toMatch(/openssl rand -base64 32/);
    expect(problem).not.toContain('correct');
    expect(problem).not.toContain(FIRST.toString('hex'));
  });
});
