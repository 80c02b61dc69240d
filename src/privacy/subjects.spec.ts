import { randomBytes } from 'node:crypto';

import { Subjects } from './subjects';

const secret = randomBytes(32);
const subjects = new Subjects(secret);

describe('Subjects', () => {
  it('names a user by ID and address, and a visitor where no user is known', () => {
    const user = subjects.of({ id: 'user_1', email: 'jane@example.com' }, 'visitor-1');
    expect(user.map((name) => name.charAt(0))).toEqual(['u', 'e']);
    expect(subjects.of({}, 'visitor-1')).toEqual([subjects.visitor('visitor-1')]);
    for (const name of [...user, subjects.visitor('visitor-1')])
      expect(name).toMatch(/^[uev][\w-]{21}$/);
    expect(subjects.of({}, undefined)).toEqual([]);
  });

  it('is the same for one person, however the address is written', () => {
    expect(subjects.of({ email: ' Jane@Example.com' }, undefined)).toEqual(
      subjects.of({ email: 'jane@example.com' }, undefined),
    );
  });

  it('knows an ID that is an address, however it is written', () => {
    const [, address] = subjects.of({ id: 'Jane@example.com' }, undefined);
    expect(subjects.ofKey('jane@Example.com')).toContain(address);
    expect(subjects.of({ id: 'a@b.co', email: 'A@b.co' }, undefined)).toHaveLength(2);
  });

  it('finds by a key whatever it is', () => {
    for (const found of [
      subjects.of({ id: 'jane@example.com' }, undefined),
      subjects.of({ email: 'jane@example.com' }, undefined),
      subjects.of({}, 'jane@example.com'),
    ])
      expect(subjects.ofKey('jane@example.com')).toEqual(expect.arrayContaining([...found]));
    expect(subjects.ofKey('user_1')).toHaveLength(2);
  });

  it('does not take a user for a visitor of the same name', () => {
    expect(subjects.of({ id: 'a' }, undefined)).not.toEqual(subjects.of({}, 'a'));
  });

  it('is another under another secret', () => {
    expect(new Subjects(randomBytes(32)).ofKey('user_1')).not.toEqual(subjects.ofKey('user_1'));
  });
});
