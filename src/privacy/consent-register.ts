import type { Clock } from '../clock';
import { CONSENT_PURPOSES, type Consent, type ConsentPurpose } from '../events/consent';
import type { RecordStore } from '../records/record-store';
import { Turns } from '../records/turns';
import { MarkedNames } from './marked-names';

/** What a person took back, and when. */
export interface Withdrawal {
  /** When each purpose was taken back, in Unix milliseconds. */
  readonly purposes: Readonly<Partial<Record<ConsentPurpose, number>>>;
  /** The person asked to be forgotten, not only to be left alone. */
  readonly erasedAtMs?: number;
}

/** What was taken back under one key; it holds nothing but times and names. */
interface KeptWithdrawal extends Withdrawal {
  /** The names that the key itself stands for: the same key adds to it and restores it. */
  readonly by: readonly string[];
  /** Under all of these it is kept; said under the key's own names alone, because they may be many. */
  readonly names?: readonly string[];
}

interface Question {
  readonly subjects: readonly string[];
  readonly browser: string | undefined;
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
  private readonly turns: Turns;
  private readonly marked: MarkedNames;

  constructor(
    private readonly records: RecordStore,
    private readonly clock: Clock,
  ) {
    this.turns = new Turns(records, COLLECTION, clock);
    this.marked = MarkedNames.of(records, COLLECTION);
  }

  /**
   * Several at once, of all processes, add up.
   *
   * @param by the names that the person's key itself stands for.
   * @param subjects everything that the person is known by.
   * @param atMs when they said it, which may be long before it is their turn.
   * @returns what was taken back under this key until now.
   */
  withdraw(
    by: readonly string[],
    subjects: readonly string[],
    purposes: readonly ConsentPurpose[] = CONSENT_PURPOSES,
    isErased = false,
    atMs = this.clock.now(),
  ): Promise<Withdrawal> {
    return this.turns.run(async () => {
      const kept = await this.read([...new Set([...by, ...subjects])]);
      const saidAtMs = laterThan(kept.flat(), atMs);
      const times: Partial<Record<ConsentPurpose, number>> = {};
      for (const purpose of purposes) times[purpose] = saidAtMs;
      return this.add(by, subjects, {
        purposes: times,
        ...(isErased && { erasedAtMs: saidAtMs }),
      });
    });
  }

  /**
   * What was taken back under the names of a person holds, since then, under more names as well. Waits for a turn only
   * where something is new there.
   */
  async spread(from: readonly string[], to: readonly string[]): Promise<void> {
    if ((await this.notYetUnder(from, to)).length === 0) return;
    await this.turns.run(async () => {
      for (const { by, purposes, erasedAtMs } of await this.notYetUnder(from, to))
        await this.add(by, to, { purposes, ...(erasedAtMs !== undefined && { erasedAtMs }) });
    });
  }

  private async notYetUnder(
    from: readonly string[],
    to: readonly string[],
  ): Promise<readonly KeptWithdrawal[]> {
    if (from.length === 0 || to.length === 0) return [];
    const kept = await this.read([...from, ...to]);
    const held = kept.slice(from.length).map((some) => new Set(some.flatMap(({ by }) => by)));
    return kept
      .slice(0, from.length)
      .flat()
      .filter(
        ({ by }) => by.length > 0 && !held.every((known) => by.every((name) => known.has(name))),
      );
  }

  /** Resolves when all that was begun has ended. */
  settled(): Promise<void> {
    return this.turns.settled();
  }

  /** In a turn. */
  private async add(
    by: readonly string[],
    subjects: readonly string[],
    said: Withdrawal,
  ): Promise<Withdrawal> {
    const names = [...new Set([...by, ...subjects])];
    const kept = await this.read(names);
    const before = kept.flat().filter((one) => isBy(one, by));
    const withdrawal = before.reduce<Withdrawal>(together, said);
    const own: KeptWithdrawal = { ...withdrawal, by };
    const held = [...new Set([...names, ...before.flatMap((one) => one.names ?? [])])];
    await this.keep(
      names.map((name, index) => {
        const others = kept[index]?.filter((one) => !isBy(one, by)) ?? [];
        return [name, [...others, by.includes(name) ? { ...own, names: held } : own]];
      }),
      this.clock.now(),
    );
    return withdrawal;
  }

  /**
   * The person has allowed it again. What stands under the key's own names goes; under other names only what was
   * taken back with this key: others may have said no there.
   *
   * @returns the names that it held for.
   */
  restore(by: readonly string[]): Promise<readonly string[]> {
    return this.turns.run(async () => {
      const own = (await this.read(by)).flat().filter((one) => isBy(one, by));
      const names = [...new Set([...by, ...own.flatMap((one) => one.names ?? [])])];
      const kept = await this.read(names);
      const left = names.map((name, index): [string, KeptWithdrawal[]] => {
        const others = kept[index]?.filter((one) => !isBy(one, by)) ?? [];
        return [name, by.includes(name) ? [] : others];
      });
      await this.keep(
        left.filter(([, others]) => others.length > 0),
        this.clock.now(),
      );
      const free = left.flatMap(([name, others]) => (others.length === 0 ? [name] : []));
      await this.records.remove(COLLECTION, free);
      return names;
    });
  }

  /**
   * What any of these names took back, taken together; `undefined`: nothing. Events of the same moment ask the storage
   * together.
   *
   * @param browser the visitor from whose browser it comes: what was taken back by its own ID, and not by one of those
   * who share it, holds for everybody there.
   */
  find(subjects: readonly string[], browser?: string): Promise<Withdrawal | undefined> {
    if (subjects.length === 0 && browser === undefined) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.waiting.push({ subjects, browser, resolve, reject });
      if (this.waiting.length === 1)
        queueMicrotask(() => {
          void this.answer(this.waiting.splice(0));
        });
    });
  }

  private async answer(questions: readonly Question[]): Promise<void> {
    try {
      const kept = await this.keptUnder(
        questions.map(({ subjects, browser }) =>
          browser === undefined ? subjects : subjects.concat(browser),
        ),
      );
      for (const { subjects, browser, resolve } of questions)
        resolve(
          kept === NOBODY
            ? undefined
            : joined([...keptOf(kept, subjects), ...ofBrowser(kept, browser)]),
        );
    } catch (error) {
      for (const { reject } of questions) reject(error);
    }
  }

  /** Whether it is certain, without a question to the storage, that none of them took anything back. */
  areUnmarked(people: Iterable<readonly string[]>): boolean {
    try {
      return this.marked.areUnmarked(people);
    } catch {
      // The storage is out of reach: whoever asks it will be told.
      return false;
    }
  }

  /** The same as `find` for many people, by one question to the storage. */
  async findAll(
    people: readonly (readonly string[])[],
  ): Promise<readonly (Withdrawal | undefined)[]> {
    const kept = await this.keptUnder(people);
    return people.map((subjects) => (kept === NOBODY ? undefined : joined(keptOf(kept, subjects))));
  }

  /** Most people have taken nothing back. */
  private async keptUnder(
    people: readonly (readonly string[])[],
  ): Promise<ReadonlyMap<string, readonly KeptWithdrawal[]>> {
    const names = this.marked.maybeMarked(people);
    const kept = names.length === 0 ? [] : await this.read(names);
    return kept.every(({ length }) => length === 0)
      ? NOBODY
      : new Map(names.map((name, index) => [name, kept[index] ?? []]));
  }

  private async read(names: readonly string[]): Promise<readonly (readonly KeptWithdrawal[])[]> {
    const values = await this.records.get(COLLECTION, names);
    return values.map((value) =>
      value === undefined ? NO_WITHDRAWALS : (JSON.parse(value) as readonly KeptWithdrawal[]),
    );
  }

  private async keep(
    kept: readonly (readonly [name: string, withdrawals: readonly KeptWithdrawal[]])[],
    nowMs: number,
  ): Promise<void> {
    if (kept.length === 0) return;
    await this.marked.writing(
      kept.map(([name]) => name),
      () =>
        this.records.put(
          kept.map(([name, withdrawals]) => ({
            collection: COLLECTION,
            key: name,
            value: JSON.stringify(bounded(withdrawals)),
            // Not among what is erased with a person: it is what keeps late events of theirs from going out.
            subjects: [],
            expiresAtMs: nowMs + KEPT_MS,
          })),
        ),
    );
  }
}

/** Under a name that very many share, such as an address of the host's own, the oldest become one for good. */
function bounded(withdrawals: readonly KeptWithdrawal[]): readonly KeptWithdrawal[] {
  const others = withdrawals.filter(({ names }) => names === undefined);
  const old = others.slice(0, Math.max(others.length - MAX_OTHERS, 0));
  if (old.length === 0) return withdrawals;
  const joined = { ...old.reduce<Withdrawal>(together, NOTHING), by: [] };
  return [joined, ...withdrawals.filter((one) => !old.includes(one))];
}

const MAX_OTHERS = 16;
/** A time that is further ahead comes from a clock that is wrong. */
const CLOCK_SKEW_MS = 60_000;
const NOTHING: Withdrawal = { purposes: {} };
const NO_WITHDRAWALS: readonly KeptWithdrawal[] = [];
/** Nobody who was asked for has taken anything back. */
const NOBODY: ReadonlyMap<string, readonly KeptWithdrawal[]> = new Map();

function keptOf(
  kept: ReadonlyMap<string, readonly KeptWithdrawal[]>,
  subjects: readonly string[],
): readonly KeptWithdrawal[] {
  return subjects.flatMap((name) => kept.get(name) ?? NO_WITHDRAWALS);
}

function joined(withdrawals: readonly Withdrawal[]): Withdrawal | undefined {
  return withdrawals.length === 0 ? undefined : withdrawals.reduce(together, NOTHING);
}

/** Nobody is forgotten because a browser was: others there may allow it again. */
function ofBrowser(
  kept: ReadonlyMap<string, readonly KeptWithdrawal[]>,
  browser: string | undefined,
): readonly Withdrawal[] {
  if (browser === undefined) return [];
  const own = kept.get(browser)?.filter(({ by }) => by.includes(browser)) ?? [];
  return own.map(({ purposes }) => ({ purposes }));
}

/**
 * What is noted last is the latest, because an entry says with one time of what its decision knew: else one that knew
 * of a withdrawal would seem to know of another that was said in the same moment, or before by another clock.
 */
function laterThan(kept: readonly KeptWithdrawal[], atMs: number): number {
  const times = kept.flatMap(({ purposes }) => Object.values(purposes));
  return times.reduce(
    (latest, time) => (time < atMs + CLOCK_SKEW_MS ? Math.max(latest, time + 1) : latest),
    atMs,
  );
}

function isBy(withdrawal: KeptWithdrawal, by: readonly string[]): boolean {
  return withdrawal.by.some((name) => by.includes(name));
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

function together(a: Withdrawal, b: Withdrawal): Withdrawal {
  const purposes: Partial<Record<ConsentPurpose, number>> = { ...a.purposes };
  for (const purpose of CONSENT_PURPOSES) {
    const atMs = b.purposes[purpose];
    if (atMs !== undefined) purposes[purpose] = Math.max(atMs, purposes[purpose] ?? 0);
  }
  const erasedAtMs = a.erasedAtMs ?? b.erasedAtMs;
  return { purposes, ...(erasedAtMs !== undefined && { erasedAtMs }) };
}
