import type { Clock } from './clock';
import type { ContextStore } from './context/context-store';
import { CONSENT_PURPOSES, type ConsentPurpose } from './events/consent';
import type { AuditEntry } from './audit/audit-record';
import type { AuditTrail } from './audit-trail';
import type { RequestContext } from './events/request-context';
import type { KeptEvent, Outbox } from './outbox/outbox';
import type { ConsentRegister, Withdrawal } from './privacy/consent-register';
import { isEmail, isVisitor, type Subjects } from './privacy/subjects';
import { atMost } from './records/at-most';
import type { RecordStore } from './records/record-store';

export interface PeopleParts {
  /** Rejects where the storage is out of reach. */
  readonly subjects: () => Subjects | Promise<Subjects>;
  readonly records: RecordStore;
  readonly contexts: ContextStore;
  readonly register: ConsentRegister;
  readonly outbox: Pick<Outbox, 'erase' | 'findAbout'>;
  /** Where an audit log is kept. */
  readonly audit?: Pick<AuditTrail, 'aboutPerson' | 'of' | 'forget'> | undefined;
  readonly clock: Clock;
}

/** What was found and removed. */
export interface ErasureReport {
  /** Entries that were waiting for a platform, over all destinations. */
  readonly pending: number;
  readonly deadLetters: number;
  /** Kept contexts and links between a visitor and a user. */
  readonly records: number;
  /** How many names the person was known by. */
  readonly names: number;
  /** Lines of the audit log from which the person was cut; `undefined`: none is kept. */
  readonly auditLines: number | undefined;
  readonly tookMs: number;
}

/** What is kept about a person. */
export interface PersonExport {
  readonly contexts: readonly RequestContext[];
  /** What is on its way to a platform, or was given up, the oldest first; what the platform will read is hashed and sealed. */
  readonly events: readonly KeptEvent[];
  readonly withdrawal: Withdrawal | undefined;
  /** How many names the person is known by: user ID, e-mail address, visitor IDs. */
  readonly names: number;
  /** What the audit log says of the person; empty where none is kept. */
  readonly audit: readonly AuditEntry[];
}

/** Names that are one person. */
interface Link {
  /** Under which it is kept. */
  readonly key: string;
  /** Under which this process knows that it is. */
  readonly known: string;
  readonly subjects: readonly string[];
  /** Those that are theirs for certain. */
  readonly own: readonly string[];
}

const LINKS = 'links';
const LINK_MS = 400 * 24 * 3_600_000;
const MAX_KNOWN_LINKS = 10_000;
const KNOWN_MS = 10 * 60_000;
/** An event waits no longer for its turn behind the withdrawals of others: what it is told does not depend on that. */
const MAX_SPREAD_MS = 500;

/** What a person can say about what was allowed before. */
export interface ConsentControl {
  /**
   * Notes that a person takes consent back: nothing of theirs that needs one of the purposes goes out any more,
   * what is pending included, until they allow it again with a consent that is dated later, or by `restore`.
   *
   * @param purposes default: all.
   */
  withdraw(userKey: string, purposes?: readonly ConsentPurpose[]): Promise<Withdrawal>;
  /**
   * The person has allowed it again, under the key with which it was taken back. Another one that they are known by, an
   * address or a visitor ID, lifts that for itself alone.
   */
  restore(userKey: string): Promise<void>;
  /** What the person has taken back; `undefined`: nothing. */
  withdrawalOf(userKey: string): Promise<Withdrawal | undefined>;
}

/** What is known of people across events: who is the same, who said no, and what is to be forgotten. */
export class People implements ConsentControl {
  /** Until when a link that this process has written is not written again: another one may have erased it. */
  private readonly knownLinks = new Map<string, number>();

  constructor(private readonly parts: PeopleParts) {}

  get register(): ConsentRegister {
    return this.parts.register;
  }

  /** At once when their secret is known. Rejects where the storage is out of reach. */
  subjects(): Subjects | Promise<Subjects> {
    return this.parts.subjects();
  }

  /**
   * Remembers that these names are one person: a visitor who signed up, a user on another device.
   *
   * @param own names that are theirs for certain: what was taken back under these holds on the browser, too. What
   * somebody typed may be anybody's.
   * @param owners about whom is asked.
   * @param browser the visitor from whose browser it comes.
   * @returns what was taken back under the names of `owners`, and by the browser's own ID.
   */
  link(
    subjects: readonly string[],
    own: readonly string[],
    owners: readonly string[] = subjects.filter((name) => !isVisitor(name)),
    browser?: string,
  ): Promise<Withdrawal | undefined> {
    const { register, clock } = this.parts;
    if (subjects.length < 2) return register.find(owners, browser);
    const key = subjects.join('.');
    const known = `${key} ${own.length}`;
    if ((this.knownLinks.get(known) ?? 0) > clock.now()) return register.find(owners, browser);
    return this.linkAnew({ key, known, subjects, own }, owners, browser);
  }

  private async linkAnew(
    { key, known, subjects, own }: Link,
    owners: readonly string[],
    browser: string | undefined,
  ): Promise<Withdrawal | undefined> {
    const { records, register, clock } = this.parts;
    const nowMs = clock.now();
    await records.put([
      { collection: LINKS, key, value: '', subjects, expiresAtMs: nowMs + LINK_MS },
    ]);
    // Not before: who takes something back from here on finds the link.
    const withdrawal = await register.find(owners, browser);
    if (withdrawal !== undefined) await this.heed(key, subjects, own);
    if (this.knownLinks.size >= MAX_KNOWN_LINKS) this.knownLinks.clear();
    this.knownLinks.set(known, nowMs + KNOWN_MS);
    return withdrawal;
  }

  /** Something was taken back under names that were linked just now. */
  private async heed(
    key: string,
    subjects: readonly string[],
    own: readonly string[],
  ): Promise<void> {
    const { records, register, clock } = this.parts;
    const users = subjects.filter((name) => !isVisitor(name));
    const found = await register.findAll(users.map((name) => [name]));
    const erased = users.filter((_name, index) => found[index]?.erasedAtMs !== undefined);
    if (erased.length > 0) {
      await records.remove(LINKS, [key]);
      // Nothing new is remembered of who is forgotten; others keep their browsers.
      await this.link(
        subjects.filter((name) => !erased.includes(name)),
        own,
      );
    }
    const spread = register.spread(
      own.filter((name) => users.includes(name)),
      subjects.filter(isVisitor),
    );
    // Where it fails, the next event of theirs tries again.
    spread.catch(() => {
      this.forgetLinksOf(subjects);
    });
    await atMost(clock, MAX_SPREAD_MS, spread);
  }

  /** What is pending and needs any of these purposes is dropped; what comes in with an older consent as well. */
  async withdraw(userKey: string, purposes?: readonly ConsentPurpose[]): Promise<Withdrawal> {
    if (purposes !== undefined && !arePurposes(purposes))
      throw new TypeError(
        `withdraw: expected an array of purposes among ${CONSENT_PURPOSES.join(', ')}`,
      );
    const { withdrawal, subjects } = await this.takeBack(userKey, purposes, false);
    await this.parts.audit?.aboutPerson('withdrawn', subjects, {
      consent: { denied: purposes ?? CONSENT_PURPOSES },
    });
    return withdrawal;
  }

  async restore(userKey: string): Promise<void> {
    const subjects = await this.parts.register.restore(await this.ownNamesOf(userKey));
    this.forgetLinksOf(subjects);
    await this.parts.audit?.aboutPerson('restored', subjects);
  }

  async withdrawalOf(userKey: string): Promise<Withdrawal | undefined> {
    // What others took back where they share a browser or an address is theirs.
    return this.parts.register.find(await this.ownNamesOf(userKey));
  }

  /**
   * Forgets a person. First it is noted that nothing of theirs goes out any more, so that what comes in
   * meanwhile, and late webhooks, stay unsent.
   */
  async erase(userKey: string): Promise<ErasureReport> {
    const { outbox, records, audit, clock } = this.parts;
    const startedAtMs = clock.now();
    const { subjects } = await this.takeBack(userKey, undefined, true);
    const { pending, deadLetters } = await outbox.erase(subjects);
    const removed = await records.eraseBySubjects(subjects);
    this.forgetLinksOf(subjects);
    const auditLines = await audit?.forget(subjects);
    const counts = { pending, deadLetters, records: removed, names: subjects.length };
    // The proof names nobody: it says when how much of somebody was removed.
    await audit?.aboutPerson('erased', [], {
      counts: { ...counts, auditLines: auditLines ?? 0 },
    });
    return { ...counts, auditLines, tookMs: clock.now() - startedAtMs };
  }

  /** For the person to read. */
  async export(userKey: string): Promise<PersonExport> {
    const { records, contexts, outbox, audit } = this.parts;
    const subjects = await this.namesOf(userKey);
    const found = await records.findBySubjects(subjects);
    const exported: PersonExport = {
      contexts: contexts.among(found),
      events: await outbox.findAbout(subjects),
      withdrawal: await this.withdrawalOf(userKey),
      names: subjects.length,
      audit: (await audit?.of(subjects)) ?? [],
    };
    await audit?.aboutPerson('exported', subjects, {
      counts: { contexts: exported.contexts.length },
    });
    return exported;
  }

  /** Also under names that are linked while it is noted. */
  private async takeBack(
    userKey: string,
    purposes: readonly ConsentPurpose[] | undefined,
    isErased: boolean,
  ): Promise<{ readonly withdrawal: Withdrawal; readonly subjects: readonly string[] }> {
    const { register, clock } = this.parts;
    const atMs = clock.now();
    const own = await this.ownNamesOf(userKey);
    let subjects = await this.namesOf(userKey, !isErased);
    for (;;) {
      const withdrawal = await register.withdraw(own, subjects, purposes, isErased, atMs);
      const names = await this.namesOf(userKey, !isErased);
      if (names.every((name) => subjects.includes(name))) return { withdrawal, subjects };
      subjects = names;
    }
  }

  /**
   * The names of the person: through a user to all of their visitors, and, where that only makes more be held back,
   * to their addresses, and from an address that is the key itself. Never through a visitor, because several people
   * may share a browser, nor through a user's address to what belongs to another user: anybody can type it.
   */
  private async namesOf(userKey: string, withAddresses = false): Promise<readonly string[]> {
    const { records } = this.parts;
    const own = await this.ownNamesOf(userKey);
    const known = new Set(own);
    let unasked = own;
    while (unasked.length > 0) {
      const asked = unasked.filter(
        (name) => !isVisitor(name) && (!isEmail(name) || (withAddresses && own.includes(name))),
      );
      const found = await records.findBySubjects(asked);
      unasked = found
        .filter(({ collection }) => collection === LINKS)
        .flatMap((record) => record.subjects)
        .filter((name) => !known.has(name) && (withAddresses || isVisitor(name)));
      for (const name of unasked) known.add(name);
    }
    return [...known];
  }

  private forgetLinksOf(subjects: readonly string[]): void {
    for (const link of this.knownLinks.keys())
      if (subjects.some((subject) => link.includes(subject))) this.knownLinks.delete(link);
  }

  /** What the key itself stands for. */
  private async ownNamesOf(userKey: string): Promise<readonly string[]> {
    if (typeof userKey !== 'string' || userKey.trim() === '')
      throw new TypeError('expected a user ID, an e-mail address or a visitor ID');
    return (await this.parts.subjects()).ofKey(userKey);
  }
}

/** A call from JavaScript may bring anything; none at all would take nothing back. */
function arePurposes(purposes: unknown): boolean {
  const isPurpose = (one: unknown) => CONSENT_PURPOSES.some((purpose) => purpose === one);
  return Array.isArray(purposes) && purposes.length > 0 && purposes.every(isPurpose);
}
