import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'libsql';
import { Redis } from 'ioredis';
import { Client } from 'pg';

import { systemClock } from '../src/clock';
import { ContextStore } from '../src/context/context-store';
import { openStorage } from '../src/open-storage';
import { ActivityStream } from '../src/outbox/activity';
import type { LeasedEntry, NextStep, OutboxEntry } from '../src/outbox/outbox';
import type { Storage } from '../src/outbox/storage';
import { Vault } from '../src/records/vault';
import { clearServers, dumpPostgres, dumpRedis, POSTGRES_URL, REDIS_URL } from './support/dumps';
import { VAULT } from './support/encryption';

const PREFIX = `seal${process.pid}`;
const SECRET = 'd5f0b1c2-fingerprint-203.0.113.77';
const LANE = { destination: 'meta', maxEntries: 10, concurrency: 2, lingerMs: 1 };
const hasServers = process.env.TRACKING_TEST_SERVERS !== 'none';

jest.setTimeout(30_000);

let folder: string;
const opened: Storage[] = [];
const said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tracking-'));
});

afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close?.();
  rmSync(folder, { recursive: true, force: true });
  said.length = 0;
  if (!hasServers) return;
  await clearServers(PREFIX);
});

interface Member {
  readonly name: string;
  readonly url: () => string;
  /** Everything that lies there, as text. */
  readonly dump: () => Promise<string>;
}

const SQLITE: Member = {
  name: 'SQLite',
  url: () => `file:${join(folder, 'tracking.db')}`,
  dump: () =>
    Promise.resolve(
      ['', '-wal'].map((end) => readFileSync(join(folder, `tracking.db${end}`), 'latin1')).join(''),
    ),
};
const SERVERS: readonly Member[] = [
  { name: 'Redis', url: () => `${REDIS_URL}?prefix=${PREFIX}`, dump: () => dumpRedis(PREFIX) },
  {
    name: 'Postgres',
    url: () => `${POSTGRES_URL}?prefix=${PREFIX}`,
    dump: () => dumpPostgres(PREFIX),
  },
];

describe.each(hasServers ? [SQLITE, ...SERVERS] : [SQLITE])(
  'what lies in $name (TRACKING_TEST_SERVERS=none skips the servers)',
  ({ url, dump }) => {
    it('shows nothing of what a platform will read, pending or given up, nor of a context', async () => {
      const { outbox, records } = await open(url());
      const contexts = new ContextStore(records, VAULT, systemClock);
      await contexts.put('order-1', {
        context: { ip: SECRET, clickIds: {} },
        subjects: ['jane'],
        expiresAtMs: Date.now() + 60_000,
      });
      outbox.consume(LANE, (entries) =>
        Promise.resolve(
          entries.map(({ key }): NextStep =>
            key === 'dead'
              ? { kind: 'dead-letter', reason: 'bad' }
              : { kind: 'retry', delayMs: 600_000, reason: 'later' },
          ),
        ),
      );
      await outbox.append([
        entry('dead'),
        entry('late'),
        { ...entry('idle'), destination: 'idle' },
      ]);
      await until(async () => (await outbox.deadLetters()).length === 1);
      await until(async () => (await outbox.stats()).some(({ retries }) => retries === 1));
      const text = await dump();
      expect(text).toContain('purchase');
      expect(text).not.toContain('fingerprint');
      expect(text).not.toContain('203.0.113.77');
      const [letter] = await outbox.deadLetters();
      expect(letter?.entry.wire.body).toContain(SECRET);
      expect((await contexts.load('order-1'))?.context).toEqual({ ip: SECRET, clickIds: {} });
    });

    it('goes on when the key has been rotated', async () => {
      const old = Buffer.alloc(32, 7);
      const before = await open(url(), new Vault([old]));
      await before.outbox.append([entry('a')]);
      await before.close?.();
      const { outbox } = await open(url(), new Vault([Buffer.alloc(32, 8), old]));
      expect(await delivered(outbox, 1)).toEqual([entry('a').wire.body]);
    });

    it('loses nothing where the key is missing, and delivers it when it is back', async () => {
      const before = await open(url());
      await before.outbox.append([entry('a'), entry('b')]);
      await before.close?.();
      const without = await open(url(), Vault.ephemeral());
      const handed: LeasedEntry[] = [];
      const consumer = without.outbox.consume(LANE, (entries) => {
        handed.push(...entries);
        return Promise.resolve(entries.map((): NextStep => ({ kind: 'settle' })));
      });
      await until(() => said.join().includes('encryption key'));
      expect(handed).toEqual([]);
      expect(await without.outbox.stats()).toMatchObject([{ accepted: 2, delivered: 0 }]);
      await consumer.stop();
      const letters = await without.outbox.deadLetters();
      for (const letter of letters)
        expect(letter).toMatchObject({ isSealed: true, entry: { wire: { body: '' } } });
      // A redrive opens nothing, so that it needs no key.
      expect(await without.outbox.redrive()).toBe(letters.length);
      await without.close?.();
      const { outbox } = await open(url());
      expect((await delivered(outbox, 2)).sort()).toEqual(
        [entry('a').wire.body, entry('b').wire.body].sort(),
      );
      expect(await outbox.stats()).toMatchObject([{ accepted: 2, delivered: 2, pending: 0 }]);
    });

    it('gives up what was altered, and hands over the rest', async () => {
      const before = await open(url());
      await before.outbox.append([entry('a')]);
      await before.close?.();
      await alter(url());
      const { outbox } = await open(url());
      await outbox.append([entry('fresh')]);
      expect(await delivered(outbox, 1)).toEqual([entry('fresh').wire.body]);
      await until(async () => (await outbox.deadLetters()).length === 1);
      const [letter] = await outbox.deadLetters();
      expect(letter).toMatchObject({
        isSealed: true,
        reason: expect.stringContaining('damaged') as string,
        entry: { eventId: 'event-a', wire: { body: '' } },
      });
      expect(await outbox.stats()).toMatchObject([
        { accepted: 2, delivered: 1, deadLettered: 1, pending: 0, pendingBytes: 0 },
      ]);
    });
  },
);

it('leaves no byte of an erased entry or record in a SQLite file, nor in its log', async () => {
  const path = join(folder, 'tracking.db');
  const { outbox, records } = await open(`file:${path}`);
  const jane = { ...entry('jane'), subjects: ['subject-jane'] };
  await outbox.append([jane, { ...entry('john'), subjects: ['subject-john'] }]);
  const record = { collection: 'links', key: 'visitor-1', expiresAtMs: Infinity };
  await records.put([{ ...record, value: 'user-jane', subjects: ['subject-jane'] }]);
  for (const trace of ['event-jane', 'subject-jane', 'user-jane'])
    expect(await SQLITE.dump()).toContain(trace);
  expect(await outbox.erase(['subject-jane'])).toEqual({ pending: 1, deadLetters: 0 });
  expect(await records.eraseBySubjects(['subject-jane'])).toBe(1);
  const left = await SQLITE.dump();
  expect(left).not.toMatch(/event-jane|subject-jane|user-jane|visitor-1/);
  expect(left).toContain('event-john');
});

describe('a SQLite file of version 1', () => {
  it('is brought up to date: entries and dead letters go on, sealed; contexts are forgotten', async () => {
    const path = join(folder, 'tracking.db');
    makeVersion1(path);
    expect(readFileSync(path, 'latin1')).toContain('fingerprint');
    const { outbox, records } = await open(`file:${path}`);
    expect(await SQLITE.dump()).not.toContain('fingerprint');
    expect(await outbox.stats()).toMatchObject([
      { destination: 'meta', accepted: 3, delivered: 1, pending: 1, deadLettered: 1 },
    ]);
    expect(await outbox.deadLetters()).toMatchObject([
      {
        reason: 'bad',
        attempts: 2,
        entry: { key: 'meta|dead', wire: { body: `{"b":"${SECRET}"}` } },
      },
    ]);
    expect(await records.get('contexts', ['order-1'])).toEqual([undefined]);
    expect(await outbox.redrive()).toBe(1);
    expect((await delivered(outbox, 2)).sort()).toEqual([`{"a":"${SECRET}"}`, `{"b":"${SECRET}"}`]);
    expect(await outbox.stats()).toMatchObject([
      { accepted: 3, delivered: 3, pending: 0, pendingBytes: 0 },
    ]);
    const [seen] = await outbox.append([{ ...entry('x'), key: 'meta|pending' }]);
    expect(seen?.kind).toBe('stored');
  });

  it('is carried over where it is damaged as well', async () => {
    const path = join(folder, 'tracking.db');
    makeVersion1(path);
    const database = new Database(path);
    const { page } = database
      .prepare(`SELECT rootpage AS page FROM sqlite_schema WHERE name = 'entries_by_owner'`)
      .get() as { page: number };
    database.close();
    const bytes = readFileSync(path);
    bytes.fill(0xff, (page - 1) * 8_192, page * 8_192);
    writeFileSync(path, bytes);
    const { outbox } = await open(`file:${path}`);
    expect(said.join()).toMatch(/was set aside/);
    expect(await delivered(outbox, 1)).toEqual([`{"a":"${SECRET}"}`]);
    expect(await outbox.deadLetters()).toHaveLength(1);
  });
});

/** As version 1 of the tables was. */
function makeVersion1(path: string): void {
  const database = new Database(path);
  database.exec('PRAGMA page_size=8192; PRAGMA journal_mode=WAL');
  database.exec(`
    PRAGMA application_id=1853060210;
    PRAGMA user_version=1;
    CREATE TABLE entries (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, destination TEXT NOT NULL,
      priority INTEGER NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL,
      accepted_at INTEGER NOT NULL, occurred_at INTEGER NOT NULL, event_id TEXT NOT NULL,
      event_name TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, envelope TEXT NOT NULL);
    CREATE INDEX entries_by_owner ON entries (owner, destination, priority, due_at);
    CREATE TABLE owners (id INTEGER PRIMARY KEY AUTOINCREMENT, lease_ends_at INTEGER NOT NULL);
    CREATE TABLE seen (hash INTEGER PRIMARY KEY, expires_at INTEGER NOT NULL, bits INTEGER NOT NULL);
    CREATE TABLE seen_destinations (bit INTEGER PRIMARY KEY AUTOINCREMENT, destination TEXT NOT NULL UNIQUE);
    CREATE TABLE dead_letters (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,
      reason TEXT NOT NULL, attempts INTEGER NOT NULL, destination TEXT NOT NULL, priority INTEGER NOT NULL,
      accepted_at INTEGER NOT NULL, occurred_at INTEGER NOT NULL, event_id TEXT NOT NULL,
      event_name TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, envelope TEXT NOT NULL);
    CREATE INDEX dead_letters_by_destination ON dead_letters (destination, event_name);
    CREATE TABLE contexts (ref TEXT PRIMARY KEY, data TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX contexts_by_end ON contexts (expires_at);
    CREATE TABLE lanes (destination TEXT PRIMARY KEY, accepted INTEGER NOT NULL DEFAULT 0,
      delivered INTEGER NOT NULL DEFAULT 0, dead_lettered INTEGER NOT NULL DEFAULT 0,
      expired INTEGER NOT NULL DEFAULT 0, dropped INTEGER NOT NULL DEFAULT 0,
      duplicates INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
      retries INTEGER NOT NULL DEFAULT 0, pending_bytes INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
    INSERT INTO lanes (destination, accepted, delivered, dead_lettered, pending_bytes)
      VALUES ('meta', 3, 1, 1, 300);
  `);
  const nowMs = Date.now();
  database
    .prepare(
      `INSERT INTO entries VALUES (7, 0, 'meta', 0, ?, 1, ?, ?, 'pending', 'purchase', 'meta|pending', ?, '')`,
    )
    .run(nowMs, nowMs, nowMs, `{"a":"${SECRET}"}`);
  database
    .prepare(
      `INSERT INTO dead_letters VALUES (3, ?, 'bad', 2, 'meta', 0, ?, ?, 'dead', 'purchase', 'meta|dead', ?, '')`,
    )
    .run(nowMs, nowMs, nowMs, `{"b":"${SECRET}"}`);
  database
    .prepare(`INSERT INTO contexts VALUES ('order-1', ?, ?)`)
    .run(JSON.stringify({ ip: SECRET }), nowMs + 1e9);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

async function open(url: string, vault = VAULT): Promise<Storage> {
  const say = (message: string) => void said.push(message);
  const storage = await openStorage(
    url,
    {},
    {
      clock: systemClock,
      vault,
      activity: new ActivityStream(),
      logger: { warn: say, error: say },
    },
  );
  opened.push(storage);
  return storage;
}

async function delivered(outbox: Storage['outbox'], count: number): Promise<string[]> {
  const bodies: string[] = [];
  outbox.consume(LANE, (entries) => {
    bodies.push(...entries.map(({ wire }) => wire.body));
    return Promise.resolve(entries.map((): NextStep => ({ kind: 'settle' })));
  });
  await until(async () => {
    if (bodies.length < count) return false;
    return (await outbox.stats()).every(({ pending }) => pending === 0);
  });
  return bodies;
}

/** Changes one byte of what is sealed. */
async function alter(url: string): Promise<void> {
  if (url.startsWith('file:')) {
    const database = new Database(url.slice('file:'.length));
    const { sealed } = database.prepare('SELECT sealed FROM group_contents').get() as {
      sealed: Buffer;
    };
    const bytes = Buffer.from(sealed);
    bytes[40] = (bytes[40] as number) ^ 1;
    database.prepare('UPDATE group_contents SET sealed = ?').run([bytes]);
    database.close();
    return;
  }
  const flip = (data: string) => {
    const group = JSON.parse(data) as { sealed: string };
    const bytes = Buffer.from(group.sealed, 'base64');
    bytes[40] = (bytes[40] as number) ^ 1;
    return JSON.stringify({ ...group, sealed: bytes.toString('base64') });
  };
  if (url.startsWith('redis')) {
    const redis = new Redis(REDIS_URL);
    for (const key of await redis.keys(`${PREFIX}:q:meta:*:logs`)) {
      const bytes = (await redis.lindexBuffer(key, 0)) as Buffer;
      bytes[40] = (bytes[40] as number) ^ 1;
      await redis.lset(key, 0, bytes);
    }
    await redis.quit();
    return;
  }
  const client = new Client(POSTGRES_URL);
  await client.connect();
  const { rows } = await client.query<{ id: string; data: string }>(
    `SELECT id, data::text FROM ${PREFIX}.job`,
  );
  for (const { id, data } of rows)
    await client.query(`UPDATE ${PREFIX}.job SET data = $2 WHERE id = $1`, [id, flip(data)]);
  await client.end();
}

function entry(key: string): OutboxEntry {
  const now = Date.now();
  return {
    key,
    destination: 'meta',
    eventId: `event-${key}`,
    eventName: 'purchase',
    occurredAtMs: now,
    acceptedAtMs: now,
    priority: 0,
    wire: { body: `{"event_id":"${key}","ip":"${SECRET}"}`, envelope: '' },
  };
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 800; attempt += 1) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not come to that');
}
