import type { Clock } from '../clock';
import { CONSENT_PURPOSES, type Consent, type ConsentPurpose } from '../events/consent';
import type { RecordStore } from '../records/record-store';

/** What a person took back, and when. */
export interface Withdrawal {
  /** When each purpose was taken back, in Unix milliseconds. */
  readonly purposes: Readonly<Partial<Record<ConsentPurpose, number>>>;
  /** The person asked to be forgotten, not only to be left alone. */
  readonly erasedAtMs?: number;
}

/** As it is kept under each of the person's names; it holds nothing but times and these names. */
interface KeptWithdrawal extends Withdrawal {
  readonly names: readonly string[];
}

interface Question {
  readonly subjects: readonly string[];
  readonly resolve: (found: Withdrawal | undefined) => void;
  readonly reject: (error: unknown) => void;
}

const COLLECTION = 'withdrawals';
/** Renewals come for years; so long it is known that somebody said no. */
const KEPT_MS = 5 * 365 * 24 * 3_600_000;

/**
 * Knows who took consent back. Shared by all processes of a storage, asked when an event comes in and again before
 * each send. Rejects when the storage is out of reach.
 */
export class ConsentRegister {
  private readonly waiting: Question[] = [];

  constructor(
    private readonly records: RecordStore,
    private readonly clock: Clock,
  ) {}

  /** @param subjects everything that the person is known by. */
  async withdraw(
    subjects: readonly string[],
    purposes: readonly ConsentPurpose[] = CONSENT_PURPOSES,
    isErased = false,
  ): Promise<Withdrawal> {
    const before = await this.find(subjects);
    const nowMs = this.clock.now();
    const times: Partial<Record<ConsentPurpose, number>> = { ...before?.purposes };
    for (const purpose of purposes) times[purpose] = nowMs;
    const erasedAtMs = isErased ? nowMs : before?.erasedAtMs;
    const withdrawal: Withdrawal = {
      purposes: times,
      ...(erasedAtMs !== undefined && { erasedAtMs }),
    };
    const kept: KeptWithdrawal = { ...withdrawal, names: subjects };
    const value = JSON.stringify(kept);
    await this.records.put(
      subjects.map((subject) => ({
        collection: COLLECTION,
        key: subject,
        value,
        // Not among what is erased with a person: it is what keeps late events of theirs from going out.
        subjects: [],
        expiresAtMs: nowMs + KEPT_MS,
      })),
    );
    return withdrawal;
  }

  /** The person has allowed it again: under these names, and under those with which they took it back. */
  async restore(subjects: readonly string[]): Promise<void> {
    const kept = await this.read(subjects);
    const names = [...subjects, ...kept.flatMap((one) => one?.names ?? [])];
    await this.records.remove(COLLECTION, [...new Set(names)]);
  }

  /**
   * What any of these names took back, taken together; `undefined`: nothing. Events of the same moment ask the storage
   * together.
   */
  find(subjects: readonly string[]): Promise<Withdrawal | undefined> {
    if (subjects.length === 0) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.waiting.push({ subjects, resolve, reject });
      if (this.waiting.length === 1)
        queueMicrotask(() => {
          void this.answer(this.waiting.splice(0));
        });
    });
  }

  private async answer(questions: readonly Question[]): Promise<void> {
    try {
      const found = await this.findAll(questions.map(({ subjects }) => subjects));
      for (const [index, { resolve }] of questions.entries()) resolve(found[index]);
    } catch (error) {
      for (const { reject } of questions) reject(error);
    }
  }

  /** The same for many people, by one question to the storage. */
  async findAll(
    people: readonly (readonly string[])[],
  ): Promise<readonly (Withdrawal | undefined)[]> {
    const names = [...new Set(people.flat())];
    const kept = names.length === 0 ? [] : await this.read(names);
    if (kept.every((one) => one === undefined)) return people.map(() => undefined);
    const byName = new Map(names.map((name, index) => [name, kept[index]]));
    return people.map((subjects) =>
      subjects.map((name) => byName.get(name)).reduce<Withdrawal | undefined>(together, undefined),
    );
  }

  private async read(names: readonly string[]): Promise<readonly (KeptWithdrawal | undefined)[]> {
    const values = await this.records.get(COLLECTION, names);
    return values.map((value) =>
      value === undefined ? undefined : (JSON.parse(value) as KeptWithdrawal),
    );
  }
}

/** A line about it must not name the person again. */
export const PERSON_ERASED = 'the person was erased';

/**
 * The consent that is left after a withdrawal. Only a purpose that was granted later, by a consent that is dated,
 * stands again.
 */
export function afterWithdrawal(consent: Consent, withdrawal: Withdrawal | undefined): Consent {
  if (withdrawal === undefined) return consent;
  const left: Consent = { ...consent };
  for (const purpose of CONSENT_PURPOSES) {
    const atMs = withdrawal.purposes[purpose];
    if (atMs === undefined) continue;
    const { capturedAt } = consent;
    const isGrantedLater =
      consent[purpose] === 'granted' && capturedAt !== undefined && capturedAt > atMs;
    if (!isGrantedLater) left[purpose] = 'denied';
  }
  return left;
}

/**
 * Why an entry may not go to a destination any more, which was decided on before.
 *
 * @param used the purposes by which the destination decides what it gets.
 * @param entry up to when its decision knew of what was given and taken back; what it knew of stands.
 */
export function stoppedBy(
  withdrawal: Withdrawal | undefined,
  used: readonly ConsentPurpose[],
  { consentAtMs = -Infinity }: { readonly consentAtMs?: number | undefined },
): string | undefined {
  if (withdrawal === undefined) return undefined;
  if (withdrawal.erasedAtMs !== undefined) return PERSON_ERASED;
  const withdrawn = used.filter((purpose) => {
    const atMs = withdrawal.purposes[purpose];
    return atMs !== undefined && consentAtMs < atMs;
  });
  return withdrawn.length === 0 ? undefined : `consent withdrawn for ${withdrawn.join(', ')}`;
}

function together(a: Withdrawal | undefined, b: Withdrawal | undefined): Withdrawal | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const purposes: Partial<Record<ConsentPurpose, number>> = { ...a.purposes };
  for (const purpose of CONSENT_PURPOSES) {
    const atMs = b.purposes[purpose];
    if (atMs !== undefined) purposes[purpose] = Math.max(atMs, purposes[purpose] ?? 0);
  }
  const erasedAtMs = a.erasedAtMs ?? b.erasedAtMs;
  return { purposes, ...(erasedAtMs !== undefined && { erasedAtMs }) };
}
