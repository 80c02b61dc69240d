import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'libsql';
import { FakeClock } from 'nestjs-server-tracking/testing';

import { ActivityStream } from '../src/outbox/activity';
import type { LeasedEntry, NextStep, OutboxEntry } from '../src/outbox/outbox';
import { DURABLE_DEFAULTS, type OutboxSettings } from '../src/outbox/outbox-settings';
import { sealWire } from '../src/outbox/sealed-wire';
import type { Storage } from '../src/outbox/storage';
import { Vault } from '../src/records/vault';
import { openSqliteStorage } from '../src/sqlite/sqlite-storage';
import { VAULT } from './support/encryption';

const LANE = { destination: 'meta', maxEntries: 10, concurrency: 2, lingerMs: 0 };
const SETTLE: NextStep = { kind: 'settle' };
const JANE = 'u-jane-0123456789abcdefg';
const JOHN = 'u-john-0123456789abcdefg';

let folder: string;
let file: string;
const opened: Storage[] = [];
const said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tracking-'));
  file = join(folder, 'tracking.db');
});

afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close?.();
  rmSync(folder, { recursive: true, force: true });
  said.length = 0;
});

describe('entries that one commit stored', () => {
  it('stay where they are, when making room for another fails', async () => {
    const clock = new FakeClock();
    const { outbox } = await open(clock, { maxPendingEntries: 2, overflow: 'drop-oldest' });
    outbox.consume({ ...LANE, lingerMs: 1_000 }, (entries) =>
      Promise.resolve(entries.map(() => SETTLE)),
    );
    await advance(clock, 100);
    await outbox.append([entry('a'), entry('b')]);
    change(`CREATE TRIGGER damage BEFORE UPDATE ON entry_groups
            BEGIN SELECT RAISE(ABORT, 'damaged'); END`);
    expect(await outbox.append([entry('c')])).toMatchObject([{ kind: 'refused' }]);
    change('DROP TRIGGER damage');
    // Before the lease is renewed, with which they would be found again.
    await advance(clock, 1_000);
    await advance(clock, 100);
    expect(await outbox.stats()).toMatchObject([
      { accepted: 2, delivered: 2, dropped: 0, pending: 0 },
    ]);
  });

  it('end as they did, where those of another cannot be written down', async () => {
    const clock = new FakeClock();
    const { outbox } = await open(clock);
    for (let group = 0; group < 4; group += 1)
      await outbox.append(['a', 'b', 'c'].map((key) => entry(`${group}${key}`)));
    expect(rows('SELECT count(*) AS n FROM entry_groups')).toEqual([{ n: 4 }]);
    const [{ id }] = rows('SELECT min(id) AS id FROM entry_groups') as [{ id: number }];
    change(`CREATE TRIGGER damage BEFORE DELETE ON entry_groups WHEN old.id = ${id}
            BEGIN SELECT RAISE(ABORT, 'damaged'); END`);
    outbox.consume(LANE, (entries) => Promise.resolve(entries.map(() => SETTLE)));
    // By real time, as disks go.
    for (let turn = 0; turn < 100 && (await pending({ outbox })) > 3; turn += 1) {
      await advance(clock, 10);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await outbox.stats()).toMatchObject([{ delivered: 9, pending: 3 }]);
    change('DROP TRIGGER damage');
    for (let turn = 0; turn < 100 && (await pending({ outbox })) > 0; turn += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await outbox.stats()).toMatchObject([{ delivered: 12, pending: 0, pendingBytes: 0 }]);
  });

  it('share one row for each destination and priority', async () => {
    const { outbox } = await open(new FakeClock());
    await outbox.append([
      entry('a'),
      entry('b'),
      { ...entry('c'), priority: 2 },
      { ...entry('d'), destination: 'tiktok' },
    ]);
    expect(rows('SELECT destination, priority, length(states) AS n FROM entry_groups')).toEqual([
      { destination: 'meta', priority: 0, n: 2 },
      { destination: 'meta', priority: 2, n: 1 },
      { destination: 'tiktok', priority: 0, n: 1 },
    ]);
  });

  it('leave nothing behind when all of them have ended', async () => {
    const clock = new FakeClock();
    const { outbox } = await open(clock);
    outbox.consume(LANE, (entries) =>
      Promise.resolve(
        entries.map(({ key }): NextStep =>
          key === 'a' ? SETTLE : { kind: 'dead-letter', reason: 'bad' },
        ),
      ),
    );
    await outbox.append([entry('a'), entry('b')]);
    await advance(clock, 200);
    expect(rows('SELECT id FROM entry_groups')).toEqual([]);
    expect(rows('SELECT id FROM group_contents')).toEqual([]);
    expect(await outbox.stats()).toMatchObject([
      { accepted: 2, delivered: 1, deadLettered: 1, pending: 0, pendingBytes: 0 },
    ]);
  });

  it('are handed over after a crash without those that had ended, each with its attempts', async () => {
    const clock = new FakeClock();
    const { outbox } = await open(clock);
    const steps: Record<string, NextStep> = {
      a: SETTLE,
      b: { kind: 'retry', delayMs: 500, reason: 'down' },
      c: { kind: 'retry', delayMs: 30_000, reason: 'down' },
      d: { kind: 'dead-letter', reason: 'bad' },
    };
    outbox.consume(LANE, (entries) =>
      Promise.resolve(entries.map(({ key }) => steps[key] ?? SETTLE)),
    );
    await outbox.append(['a', 'b', 'c', 'd'].map((key) => entry(key)));
    await advance(clock, 200);
    await advance(clock, 800);

    const after = await crashed(clock);
    const taken = await consume(after, clock, 500);
    expect(taken.map(({ key, attempts }) => [key, attempts])).toEqual([
      ['b', 2],
      ['c', 1],
    ]);
    expect(taken[1]?.wire.body).toBe(entry('c').wire.body);
    expect(await after.outbox.stats()).toMatchObject([
      { accepted: 4, delivered: 3, deadLettered: 1, pending: 0, pendingBytes: 0 },
    ]);
  });

  it('wait in a row of their own for a try that is far away', async () => {
    const clock = new FakeClock();
    const { outbox } = await open(clock);
    const handed: LeasedEntry[] = [];
    outbox.consume(LANE, (entries) => {
      handed.push(...entries.map((one) => ({ ...one })));
      return Promise.resolve(
        entries.map(({ key, attempts }): NextStep =>
          key === 'b' && attempts === 0
            ? { kind: 'retry', delayMs: 600_000, reason: 'limited' }
            : SETTLE,
        ),
      );
    });
    await outbox.append([
      { ...entry('a'), subjects: [JOHN] },
      { ...entry('b'), subjects: [JANE] },
    ]);
    await advance(clock, 200);
    expect(rows('SELECT id FROM entry_groups')).toEqual([]);
    expect(rows('SELECT event_id, attempts FROM entries')).toEqual([
      { event_id: 'event-b', attempts: 1 },
    ]);
    await clock.advance(600_000);
    // The file is looked at by real time.
    await until(async () => (await pending({ outbox })) === 0, clock);
    expect(handed.at(-1)).toMatchObject({ key: 'b', attempts: 1, subjects: [JANE] });
    expect(await outbox.stats()).toMatchObject([{ delivered: 2, pending: 0, pendingBytes: 0 }]);
  });

  it('are not changed by a process that was frozen past its lease', async () => {
    const clock = new FakeClock();
    const frozen = await open(clock);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    frozen.outbox.consume(LANE, (entries) =>
      released.then(() =>
        entries.map(({ key }): NextStep =>
          key === 'a' ? SETTLE : { kind: 'dead-letter', reason: 'late' },
        ),
      ),
    );
    await frozen.outbox.append([entry('a'), entry('b'), entry('c')]);
    await advance(clock, 100);
    await clock.advance(7_000);
    const other = await open(clock);
    const taken = await consume(other, clock, 100, ({ key }) =>
      key === 'c' ? { kind: 'retry', delayMs: 10_000, reason: 'down' } : SETTLE,
    );
    expect(taken.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    release();
    await advance(clock, 200);
    expect(await other.outbox.stats()).toMatchObject([
      { accepted: 3, delivered: 2, deadLettered: 0, pending: 1 },
    ]);
    await advance(clock, 12_000);
    expect(taken.map(({ key }) => key)).toEqual(['a', 'b', 'c', 'c']);
  });

  it('make room one by one, the oldest first', async () => {
    const clock = new FakeClock();
    const settings = { maxPendingEntries: 3, overflow: 'drop-oldest' } as const;
    const storage = await open(clock, settings);
    await storage.outbox.append(['a', 'b', 'c'].map((key) => entry(key)));
    await clock.advance(1_000);
    await storage.outbox.append([entry('d'), entry('e')]);
    expect(await storage.outbox.stats()).toMatchObject([{ accepted: 5, dropped: 2, pending: 3 }]);
    const taken = await consume(storage, clock, 500);
    expect(taken.map(({ key }) => key)).toEqual(['c', 'd', 'e']);
    expect(await storage.outbox.stats()).toMatchObject([
      { delivered: 3, dropped: 2, pending: 0, pendingBytes: 0 },
    ]);
  });

  it('make room for others of their own commit', async () => {
    const clock = new FakeClock();
    const storage = await open(clock, { maxPendingEntries: 2, overflow: 'drop-oldest' });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(keys.map((key) => storage.outbox.append([entry(key)])));
    const taken = await consume(storage, clock, 500);
    expect(taken.map(({ key }) => key)).toEqual(['d', 'e']);
    expect(await storage.outbox.stats()).toMatchObject([{ accepted: 5, dropped: 3, delivered: 2 }]);
  });

  it('make room for others of their own commit, where that takes a group away', async () => {
    const clock = new FakeClock();
    const storage = await open(clock, { maxPendingEntries: 1, overflow: 'drop-oldest' });
    await storage.outbox.append([entry('a')]);
    await Promise.all(['b', 'c', 'd'].map((key) => storage.outbox.append([entry(key)])));
    expect(await storage.outbox.stats()).toMatchObject([{ accepted: 4, dropped: 3, pending: 1 }]);
    const taken = await consume(storage, clock, 500);
    expect(taken.map(({ key }) => key)).toEqual(['d']);
    expect(await storage.outbox.stats()).toMatchObject([{ delivered: 1, pendingBytes: 0 }]);
  });

  it('become dead letters on a full disk in the room that they had', async () => {
    const clock = new FakeClock();
    const storage = await open(clock, {}, VAULT, '?maxBytes=400000');
    const filled = { body: JSON.stringify({ filling: 'x'.repeat(1_000) }), envelope: '' };
    const many = Array.from({ length: 200 }, (_unused, at) => ({
      ...entry(`k${at}`),
      wire: filled,
    }));
    const results = await storage.outbox.append(many);
    expect(results.every(({ kind }) => kind === 'stored')).toBe(true);
    let filling = 0;
    const fill = (key: string) => storage.outbox.append([{ ...entry(key), destination: 'idle' }]);
    while ((await fill(`filling-${filling}`))[0]?.kind === 'stored') filling += 1;
    let at = 0;
    storage.outbox.consume(LANE, (entries) =>
      Promise.resolve(
        entries.map((): NextStep => {
          at += 1;
          return at % 4 === 0 ? SETTLE : { kind: 'dead-letter', reason: 'bad' };
        }),
      ),
    );
    const lane = async () => (await storage.outbox.stats()).find((one) => one.accepted === 200);
    for (let turn = 0; turn < 40 && (await lane())?.pending !== 0; turn += 1)
      await advance(clock, 500);
    expect(await lane()).toMatchObject({ delivered: 50, deadLettered: 150, pendingBytes: 0 });
    const letters = await storage.outbox.deadLetters({ limit: 1_000 });
    expect(letters.every(({ entry: { wire } }) => wire.body === filled.body)).toBe(true);
  });
});

describe('an erasure within a group', () => {
  const all = () => [
    { ...entry('jane-1'), subjects: [JANE] },
    { ...entry('john'), subjects: [JOHN] },
    { ...entry('jane-2'), subjects: [JANE, JOHN] },
  ];

  it('leaves the others, where no process holds it', async () => {
    const clock = new FakeClock();
    const storage = await open(clock);
    await storage.outbox.append(all());
    expect(dump()).toMatch(/event-jane-1/);
    expect(await storage.outbox.erase([JANE])).toEqual({ pending: 2, deadLetters: 0 });
    expect(dump()).not.toMatch(/jane/);
    expect(dump()).toMatch(/event-john/);
    expect(await storage.outbox.stats()).toMatchObject([{ accepted: 3, dropped: 2, pending: 1 }]);
    const taken = await consume(storage, clock, 500);
    expect(taken.map(({ key, wire }) => [key, wire.body])).toEqual([
      ['john', entry('john').wire.body],
    ]);
    expect(await storage.outbox.stats()).toMatchObject([
      { delivered: 1, dropped: 2, pending: 0, pendingBytes: 0 },
    ]);
  });

  it('leaves nothing in pages from which their entries moved as the file grew', async () => {
    const { outbox } = await open(new FakeClock());
    for (let at = 0; at < 40; at += 1) {
      const people = ['jane', 'john', 'june'];
      const some = people.map((name) => ({ ...entry(`${name}-${at}`), subjects: [`u-${name}-0`] }));
      await outbox.append(some);
    }
    expect(await outbox.erase(['u-jane-0'])).toEqual({ pending: 40, deadLetters: 0 });
    expect(dump()).not.toMatch(/jane/);
  });

  it('takes the group away where all of it is about the person, with any key', async () => {
    const { outbox } = await open(new FakeClock(), {}, Vault.ephemeral());
    await outbox.append(all());
    expect(await outbox.erase([JANE, JOHN])).toEqual({ pending: 3, deadLetters: 0 });
    expect(rows('SELECT id FROM group_contents')).toEqual([]);
    expect(dump()).not.toMatch(/jane|john/);
  });

  it('lets go what this process holds, and what is under way ends as it does', async () => {
    const clock = new FakeClock();
    const { outbox } = await open(clock);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handed: string[] = [];
    outbox.consume({ ...LANE, maxEntries: 1, concurrency: 1 }, async (entries) => {
      handed.push(...entries.map(({ key }) => key));
      await released;
      return entries.map((): NextStep => ({ kind: 'retry', delayMs: 90_000, reason: 'down' }));
    });
    await advance(clock, 100);
    await outbox.append(all());
    await advance(clock, 100);
    expect(handed).toEqual(['jane-1']);
    expect(await outbox.erase([JANE])).toEqual({ pending: 2, deadLetters: 0 });
    expect(dump()).not.toMatch(/jane/);
    expect(await outbox.stats()).toMatchObject([{ dropped: 1, pending: 2 }]);
    release();
    await advance(clock, 500);
    expect(handed).toEqual(['jane-1', 'john']);
    expect(await outbox.stats()).toMatchObject([{ dropped: 2, pending: 1 }]);
    expect(dump()).not.toMatch(/jane/);
  });

  it('is obeyed by another process that holds it', async () => {
    const clock = new FakeClock();
    const holder = await open(clock);
    const handed: string[] = [];
    holder.outbox.consume({ ...LANE, lingerMs: 60_000 }, (entries) => {
      handed.push(...entries.map(({ key }) => key));
      return Promise.resolve(entries.map(() => SETTLE));
    });
    await advance(clock, 100);
    await holder.outbox.append(all());
    const other = await open(clock);
    expect(await other.outbox.erase([JANE])).toEqual({ pending: 2, deadLetters: 0 });
    expect(dump()).not.toMatch(/jane/);
    // The next renewal of its lease, by real time.
    await until(async () => (await holder.outbox.stats())[0]?.dropped === 2);
    await clock.advance(60_000);
    await until(async () => (await pending(holder)) === 0);
    expect(handed).toEqual(['john']);
    expect(await holder.outbox.stats()).toMatchObject([
      { accepted: 3, delivered: 1, dropped: 2, pending: 0, pendingBytes: 0 },
    ]);
  });

  it.each<[string, NextStep]>([
    ['a dead letter', { kind: 'dead-letter', reason: 'bad' }],
    ['a far try', { kind: 'retry', delayMs: 600_000, reason: 'down' }],
  ])('lets nothing come back as %s from a process that has it under way', async (_as, step) => {
    const clock = new FakeClock();
    const holder = await open(clock);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    holder.outbox.consume(LANE, (entries) => released.then(() => entries.map(() => step)));
    await advance(clock, 100);
    await holder.outbox.append(all());
    await advance(clock, 100);
    const other = await open(clock);
    expect(await other.outbox.erase([JANE])).toEqual({ pending: 2, deadLetters: 0 });
    release();
    await advance(clock, 100);
    expect(dump()).toMatch(/event-john/);
    expect(dump()).not.toMatch(/jane/);
    await until(async () => (await other.outbox.stats())[0]?.dropped === 2);
  });

  it('is counted by who comes after a process that held it and died', async () => {
    const clock = new FakeClock();
    const holder = await open(clock);
    holder.outbox.consume({ ...LANE, lingerMs: 60_000 }, () => Promise.resolve([]));
    await advance(clock, 100);
    await holder.outbox.append(all());
    const other = await open(clock);
    expect(await other.outbox.erase([JANE])).toEqual({ pending: 2, deadLetters: 0 });
    const after = await crashed(clock);
    const taken = await consume(after, clock, 500);
    expect(taken.map(({ key }) => key)).toEqual(['john']);
    await until(async () => (await pending(after)) === 0);
    expect(await after.outbox.stats()).toMatchObject([
      { accepted: 3, delivered: 1, dropped: 2, pending: 0, pendingBytes: 0 },
    ]);
  });

  it('says so where others would have to be opened and their key is not here', async () => {
    const clock = new FakeClock();
    const before = await open(clock);
    await before.outbox.append(all());
    await before.close?.();
    const without = await open(clock, {}, Vault.ephemeral());
    await expect(without.outbox.erase([JANE])).rejects.toThrow(/encryption key is missing/);
    await without.close?.();
    const { outbox } = await open(clock);
    expect(await outbox.findAbout([JANE])).toHaveLength(2);
    expect(await outbox.erase([JANE])).toEqual({ pending: 2, deadLetters: 0 });
  });

  it('removes also what had ended beside entries that have not', async () => {
    const clock = new FakeClock();
    const { outbox } = await open(clock);
    outbox.consume(LANE, (entries) =>
      Promise.resolve(
        entries.map(({ key }): NextStep =>
          key === 'john' ? { kind: 'retry', delayMs: 30_000, reason: 'down' } : SETTLE,
        ),
      ),
    );
    await outbox.append(all());
    await advance(clock, 200);
    expect(await outbox.findAbout([JANE])).toEqual([]);
    expect(await outbox.findAbout([JOHN])).toMatchObject([
      { eventId: 'event-john', state: 'pending' },
    ]);
    expect(await outbox.erase([JANE])).toEqual({ pending: 0, deadLetters: 0 });
    expect(dump()).not.toMatch(/jane/);
    expect(await outbox.stats()).toMatchObject([{ delivered: 2, dropped: 0, pending: 1 }]);
  });
});

describe('files of before and damaged ones', () => {
  it('of version 2 go on, and what waits there is delivered', async () => {
    const clock = new FakeClock();
    await makeVersion2(clock.now());
    const storage = await open(clock);
    await storage.outbox.append([entry('new')]);
    const taken = await consume(storage, clock, 500);
    expect(taken.map(({ key, attempts, wire }) => [key, attempts, wire.body])).toEqual([
      ['old', 3, entry('old').wire.body],
      ['new', 0, entry('new').wire.body],
    ]);
    expect(await storage.outbox.stats()).toMatchObject([{ accepted: 2, delivered: 2, pending: 0 }]);
  });

  it('lose no group when an older version that has the file open takes a lease away', async () => {
    const clock = new FakeClock();
    const holder = await open(clock);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    holder.outbox.consume(LANE, (entries) => released.then(() => entries.map(() => SETTLE)));
    await holder.outbox.append([entry('a'), entry('b')]);
    await advance(clock, 100);
    // It knows of rows alone.
    change('UPDATE entries SET owner = 0 WHERE owner = 1; DELETE FROM owners WHERE id = 1');
    const other = await open(clock);
    const taken = await consume(other, clock, 500);
    expect(taken.map(({ key }) => key)).toEqual(['a', 'b']);
    release();
    await until(async () => (await pending(other)) === 0);
    expect(await other.outbox.stats()).toMatchObject([{ delivered: 2, pendingBytes: 0 }]);
  });

  it('have their groups carried over, also those that no key opens', async () => {
    const clock = new FakeClock();
    const before = await open(clock);
    before.outbox.consume(LANE, (entries) =>
      Promise.resolve(
        entries.map(({ key }): NextStep =>
          key === 'a' ? SETTLE : { kind: 'retry', delayMs: 30_000, reason: 'down' },
        ),
      ),
    );
    await before.outbox.append([entry('a'), entry('b'), entry('c')]);
    await advance(clock, 200);
    await before.close?.();
    const foreign = await open(clock, {}, new Vault([Buffer.alloc(32, 7)]));
    await foreign.outbox.append([entry('d')]);
    await foreign.close?.();
    damage('entry_groups_by_owner');

    const after = await open(clock, {}, new Vault([Buffer.alloc(32, 7)]));
    expect(said.join()).toMatch(/was set aside .*; 3 of its pending entries could be read/);
    expect(await after.outbox.stats()).toMatchObject([{ accepted: 4, delivered: 1, pending: 3 }]);
    const taken = await consume(after, clock, 500);
    expect(taken.map(({ key }) => key)).toEqual(['d']);
    expect(said.join()).toMatch(/wait for their encryption key/);
    await after.close?.();
    const home = await open(clock);
    const rest = await consume(home, clock, 20_000);
    await until(async () => (await pending(home)) === 0, clock);
    expect(rest.map(({ key, attempts }) => [key, attempts])).toEqual([
      ['b', 1],
      ['c', 1],
    ]);
    expect(await home.outbox.stats()).toMatchObject([
      { accepted: 4, delivered: 4, pending: 0, pendingBytes: 0 },
    ]);
  });

  it.each([
    ['rows', 'entry_groups', 3],
    ['contents', 'group_contents', 2],
  ])('lose no more than one group by a damaged page of %s', async (_what, table, left) => {
    const clock = new FakeClock();
    const before = await open(clock);
    const filled = { body: 'x'.repeat(7_000), envelope: '' };
    for (const key of ['a', 'b', 'c'])
      await before.outbox.append([{ ...entry(key), wire: filled }]);
    await before.close?.();
    damage(table);
    const after = await open(clock);
    expect(said.join()).toContain(`; ${left} of its pending entries could be read`);
    const taken = await consume(after, clock, 500);
    expect(taken).toHaveLength(left);
    expect(await after.outbox.stats()).toMatchObject([
      { accepted: 3, delivered: left, dropped: 3 - left, pending: 0, pendingBytes: 0 },
    ]);
  });

  it.each([
    ['facts', `UPDATE group_contents SET facts = x'ff00'`],
    ['contents', 'DELETE FROM group_contents'],
    ['seal', `UPDATE group_contents SET sealed = x'01'`],
  ])('whose %s cannot be read become dead letters, each of them', async (_what, sql) => {
    const clock = new FakeClock();
    const before = await open(clock);
    await before.outbox.append([entry('a'), entry('b')]);
    await before.close?.();
    change(sql);
    const storage = await open(clock);
    await storage.outbox.append([entry('fresh')]);
    const taken = await consume(storage, clock, 500);
    expect(taken.map(({ key }) => key)).toEqual(['fresh']);
    expect(await storage.outbox.stats()).toMatchObject([
      { accepted: 3, delivered: 1, deadLettered: 2, pending: 0 },
    ]);
    expect(await storage.outbox.deadLetters()).toMatchObject([
      { isSealed: true, reason: expect.stringContaining('damaged') as string },
      { isSealed: true, reason: expect.stringContaining('damaged') as string },
    ]);
  });
});

async function open(
  clock: FakeClock,
  settings: Partial<OutboxSettings> = {},
  vault = VAULT,
  query = '',
): Promise<Storage> {
  const say = (message: string) => void said.push(message);
  const storage = await openSqliteStorage(`file:${file}${query}`, {
    clock,
    settings: { ...DURABLE_DEFAULTS, ...settings },
    vault,
    activity: new ActivityStream(),
    logger: { warn: say, error: say },
  });
  opened.push(storage);
  return storage;
}

/** The file as a process leaves it that dies at this moment, opened when its lease has run out. */
async function crashed(clock: FakeClock): Promise<Storage> {
  const copy = join(folder, 'crashed.db');
  for (const end of ['', '-wal']) cpSync(file + end, copy + end);
  file = copy;
  await clock.advance(7_000);
  return open(clock);
}

/** What is handed over, as it was then. */
async function consume(
  { outbox }: Storage,
  clock: FakeClock,
  forMs: number,
  step: (entry: LeasedEntry) => NextStep = () => SETTLE,
): Promise<LeasedEntry[]> {
  const handed: LeasedEntry[] = [];
  outbox.consume(LANE, (entries) => {
    handed.push(...entries.map((one) => ({ ...one })));
    return Promise.resolve(entries.map(step));
  });
  await advance(clock, forMs);
  await advance(clock, 100);
  return handed;
}

async function pending({ outbox }: Pick<Storage, 'outbox'>): Promise<number> {
  return (await outbox.stats()).reduce((sum, lane) => sum + lane.pending, 0);
}

function entry(key: string): OutboxEntry {
  return {
    key,
    destination: 'meta',
    eventId: `event-${key}`,
    eventName: 'purchase',
    occurredAtMs: 1_000,
    acceptedAtMs: 2_000,
    priority: 0,
    wire: { body: `{"event_id":"${key}","city":"Köln"}`, envelope: `{"of":"${key}"}` },
  };
}

function rows(sql: string): unknown[] {
  const database = new Database(file);
  const found = database.prepare(sql).all() as Record<string, unknown>[];
  database.close();
  return found;
}

function change(sql: string): void {
  const database = new Database(file);
  database.exec(sql);
  database.close();
}

/** Everything that lies there, as text. */
function dump(): string {
  return ['', '-wal'].map((end) => readFileSync(file + end, 'latin1')).join('');
}

async function makeVersion2(nowMs: number): Promise<void> {
  await (await open(new FakeClock())).close?.();
  const database = new Database(file);
  database.exec('DROP TABLE entry_groups; DROP TABLE group_contents; PRAGMA user_version=2');
  const { eventId, eventName, wire } = entry('old');
  database
    .prepare(`INSERT INTO entries VALUES (1, 0, 'meta', 0, ?, 3, 2000, 1000, ?, ?, 'old', '', ?)`)
    .run(nowMs, eventId, eventName, sealWire(VAULT, 'old', wire));
  database.exec(`INSERT INTO lanes (destination, accepted, pending_bytes) VALUES ('meta', 1, 300)`);
  database.close();
}

/** The first page of a table or an index that holds rows. */
function damage(name: string): void {
  const database = new Database(file);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const { page } = database
    .prepare(`SELECT rootpage AS page FROM sqlite_schema WHERE name = ?`)
    .get(name) as { page: number };
  database.close();
  const bytes = readFileSync(file);
  let start = (page - 1) * 8_192;
  // An inner page says in its first cell where its first child is.
  if (bytes[start] === 5)
    start = (bytes.readUInt32BE(start + bytes.readUInt16BE(start + 12)) - 1) * 8_192;
  bytes.fill(0xff, start, start + 8_192);
  writeFileSync(file, bytes);
}

async function advance(clock: FakeClock, byMs: number): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    await clock.advance(byMs / 5);
  }
}

async function until(isTrue: () => Promise<boolean>, clock?: FakeClock): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (await isTrue()) return;
    await clock?.advance(1);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not come to that');
}
