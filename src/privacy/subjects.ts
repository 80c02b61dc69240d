import type { UserData } from '../events/user-data';
import { KeyedHash } from '../records/keyed-hash';
import { normalizeEmail } from './email';

/** What we know a person by; the first letter of the name. */
type SubjectKind = 'u' | 'e' | 'v';

const HASH_LENGTH = 21;
/** Where a name is put together: a letter and a whole hash. */
const NAME = Buffer.alloc(1 + 43);

/**
 * Names people by keyed hashes, so that what is stored about one can be found, stopped and erased, and nobody
 * without the key can tell who it is or try out who it might be.
 */
export class Subjects {
  private readonly keyed: KeyedHash;

  /** @param secret at least 32 random bytes, for good: another one finds nobody any more. */
  constructor(secret: Uint8Array) {
    this.keyed = new KeyedHash(secret);
  }

  /**
   * Whose an event is: the user's, by ID and e-mail addresses; the visitor's only where no user is known, because
   * several people may share a browser.
   */
  of(user: Pick<UserData, 'id' | 'email'>, visitorId: string | undefined): readonly string[] {
    const names: string[] = [];
    if (user.id !== undefined) names.push(this.hash('u', user.id));
    const email = emailIn(user.email);
    // An ID may be an address, and whoever names the person later may write it in another case.
    const emailAsId = emailIn(user.id);
    if (emailAsId !== undefined) names.push(this.hash('e', emailAsId));
    if (email !== undefined && email !== emailAsId) names.push(this.hash('e', email));
    if (names.length === 0 && visitorId !== undefined) names.push(this.visitor(visitorId));
    return names;
  }

  /** Whoever a key may mean, as hosts give it: a user ID, an e-mail address or a visitor ID. */
  ofKey(userKey: string): readonly string[] {
    return [...this.of({ id: userKey, email: userKey }, undefined), this.visitor(userKey)];
  }

  visitor(visitorId: string): string {
    return this.hash('v', visitorId);
  }

  /** A name that nobody can guess for something that the host names. */
  reference(name: string): string {
    return this.keyed.of(`reference:${name}`).slice(0, HASH_LENGTH + 1);
  }

  private hash(kind: SubjectKind, value: string): string {
    // Put together in memory: a text of parts would keep all of the hash as long as it lives.
    const start = NAME.write(kind, 'latin1');
    NAME.write(this.keyed.of(`${kind}:${value.trim()}`), start, 'latin1');
    return NAME.toString('latin1', 0, start + HASH_LENGTH);
  }
}

function emailIn(text: string | undefined): string | undefined {
  return text === undefined ? undefined : normalizeEmail(text);
}

/** Whether a name stands for a browser, and not for a user. */
export function isVisitor(subject: string): boolean {
  return subject.startsWith('v');
}

/** Whether a name stands for an e-mail address. */
export function isEmail(subject: string): boolean {
  return subject.startsWith('e');
}

/** The most names that are kept with an event or a context. */
export const MAX_OWNERS = 4;
