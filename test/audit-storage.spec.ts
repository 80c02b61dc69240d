import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'libsql';
import {
  auditUrlProblem,
  openAuditLog,
  verifyAuditLog,
  type AuditFact,
  type AuditLog,
  type AuditLogOptions,
} from 'nestjs-server-tracking/audit';
import { FakeClock } from 'nestjs-server-tracking/testing';

import { systemClock } from '../src/clock';
import { RecordingLogger } from './support/recording-logger';

const KEY = Buffer.alloc(32, 7);
const PERSON = 'anna-0123456789abcdefgh';
const DAY_MS = 24 * 3_600_000;
const root = mkdtempSync(join(tmpdir(), 'tracking-audit-'));
const logger = new RecordingLogger();
const opened: AuditLog[] = [];
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
  logger.lines.length = 0;
});

afterEach(async () => {
  for (const log of opened.splice(0)) await log.close();
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

async function open(url: string, options: Partial<AuditLogOptions> = {}): Promise<AuditLog> {
  const log = await openAuditLog(url, { clock: systemClock, key: KEY, logger, ...options });
  opened.push(log);
  return log;
}

function fact(change: Partial<AuditFact> = {}): AuditFact {
  return { kind: 'delivered', atMs: 1_768_471_200_000, subjects: [PERSON], ...change };
}

describe('the URL of an audit log', () => {
  it.each([
    ['file:./data/audit.db', undefined],
    ['jsonl:./data/audit.jsonl', undefined],
    ['postgres://user:secret@db:5432/shop?prefix=shop', undefined],
    ['redis://user:secret@redis:6379', /expected file:.*postgres:.*jsonl:/],
    ['memory:', /expected file:/],
    ['file:', /audit\.db/],
    ['jsonl:./data/audit.log', /jsonl:\.\/data\/audit\.jsonl/],
    ['postgres://user:secret@db/shop?prefx=shop', /no parameter "prefx"/],
  ])('%s', (url, problem) => {
    const found = auditUrlProblem(url);
    expect(found === undefined ? problem : problem?.test(found)).toBe(
      problem === undefined ? undefined : true,
    );
    expect(found ?? '').not.toContain('secret');
  });

  it('stops the start where it is wrong', async () => {
    await expect(open('redis://user:secret@redis:6379')).rejects.toThrow(/^audit: expected file:/);
    await expect(open(`file:${folder}/a.db`, { key: Buffer.alloc(8) })).rejects.toThrow(/16 bytes/);
  });
});

describe('an audit log in SQLite', () => {
  it('leaves the file of another application as it is', async () => {
    const path = join(folder, 'shop.db');
    const theirs = new Database(path);
    theirs.exec('CREATE TABLE orders (id INTEGER)');
    theirs.close();
    const before = readFileSync(path);
    await expect(open(`file:${path}`)).rejects.toThrow(/give the audit log a file of its own/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('sets a damaged file aside, says so, and goes on', async () => {
    const path = join(folder, 'audit.db');
    writeFileSync(path, Buffer.alloc(8_192 * 3, 'x'));
    const log = await open(`file:${path}`);
    log.record(fact());
    expect(await log.query({})).toHaveLength(1);
    expect(logger.of('error').join()).toMatch(/set aside as .*damaged-.*keep it/);
    expect(readdirSync(folder).some((name) => name.includes('.damaged-'))).toBe(true);
  });

  it('is readable by its owner alone, and holds nothing of who was forgotten, in no file', async () => {
    const path = join(folder, 'audit.db');
    const log = await open(`file:${path}`);
    log.record(fact());
    await log.forget([PERSON]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    for (const name of readdirSync(folder))
      expect(readFileSync(join(folder, name)).includes(PERSON)).toBe(false);
  });

  it('keeps what cannot be written, says so once, counts what it has no room for, and writes both', async () => {
    const path = join(folder, 'audit.db');
    const clock = new FakeClock();
    const log = await open(`file:${path}`, { clock });
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    for (let index = 0; index < 20_007; index += 1) log.record(fact({ attempts: index }));
    await expect(log.flush()).rejects.toThrow(/another process kept the database locked/);
    await expect(log.flush()).rejects.toThrow();
    expect(logger.of('error').filter((line) => line.includes('could not be written'))).toHaveLength(
      1,
    );
    expect(logger.of('error').join()).toContain('further ones are lost and counted');
    other.exec('ROLLBACK');
    other.close();
    await log.flush();
    expect(await log.query({ limit: Infinity })).toHaveLength(20_000);
    const [lost] = await log.query({ kinds: ['log-lost'] });
    expect(lost?.counts).toEqual({ facts: 7 });
    expect(await log.verify()).toMatchObject({ isIntact: true, records: 20_002 });
  }, 60_000);

  it('is written by several processes at once', async () => {
    const url = `file:${join(folder, 'audit.db')}`;
    const logs = await Promise.all([1, 2, 3].map(() => open(url)));
    for (let round = 0; round < 20; round += 1) {
      for (const log of logs) log.record(fact());
      await Promise.all(logs.map((log) => log.flush()));
    }
    expect(await verifyAuditLog(url, { key: KEY })).toMatchObject({ isIntact: true, records: 63 });
  });

  it('is whole after its process was killed', async () => {
    const url = `file:${join(folder, 'audit.db')}`;
    const child = spawnSync(
      process.execPath,
      ['-r', '@swc-node/register', '-e', CHILD, url, KEY.toString('hex')],
      { cwd: join(__dirname, '..'), encoding: 'utf8', timeout: 50_000 },
    );
    expect(child.signal).toBe('SIGKILL');
    expect(await verifyAuditLog(url, { key: KEY })).toMatchObject({
      isIntact: true,
      records: 301,
      openEnds: 1,
    });
  }, 60_000);
});

/** Writes 300 facts, records 50 more, and dies before they are written. */
const CHILD = `
  const { openAuditLog } = require('./src/audit');
  const { systemClock } = require('./src/clock');
  const [url, key] = process.argv.slice(1);
  void openAuditLog(url, { clock: systemClock, key: Buffer.from(key, 'hex'), logger: console }).then(async (log) => {
    const fact = { kind: 'accepted', atMs: Date.now(), subjects: [] };
    for (let index = 0; index < 300; index += 1) log.record(fact);
    await log.flush();
    for (let index = 0; index < 50; index += 1) log.record(fact);
    process.kill(process.pid, 'SIGKILL');
  });
`;

describe('an audit log in Postgres', () => {
  it('opens, records and closes in bounded time where the server does not answer', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as AddressInfo;
    const log = await open(`postgres://user:secret@127.0.0.1:${port}/shop`);
    log.record(fact());
    await expect(log.query({})).rejects.toThrow();
    const startedAt = performance.now();
    await log.close();
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(logger.of('error').join()).toContain('that were not written');
    expect(logger.lines.join()).not.toContain('secret');
    for (const socket of sockets) socket.destroy();
    mute.close();
  }, 30_000);
});

describe('an audit log of JSON lines', () => {
  const url = () => `jsonl:${join(folder, 'audit.jsonl')}`;
  const files = () => readdirSync(folder).filter((name) => name.endsWith('.jsonl'));

  it('begins a file a day, and the chain goes on', async () => {
    const clock = new FakeClock();
    const log = await open(url(), { clock });
    for (let day = 0; day < 3; day += 1) {
      log.record(fact());
      await log.flush();
      await clock.advance(DAY_MS);
    }
    expect(files().map((name) => name.slice(0, 16))).toEqual([
      'audit-2026-01-15',
      'audit-2026-01-16',
      'audit-2026-01-17',
    ]);
    expect(await log.verify()).toMatchObject({ isIntact: true });
    rmSync(join(folder, files()[1]!));
    expect(await log.verify()).toMatchObject({ isIntact: false });
  });

  it('passes over a line that its process died over, and cuts it off when it goes on itself', async () => {
    const log = await open(url());
    log.record(fact());
    await log.flush();
    appendFileSync(join(folder, files()[0]!), '{"writer":"');
    expect(await log.verify()).toMatchObject({ isIntact: true, records: 2 });
    log.record(fact());
    expect(await log.query({})).toHaveLength(2);
    expect(await log.verify()).toMatchObject({ isIntact: true, records: 3 });
  });

  it('shows a field that stands twice, and what is no line', async () => {
    const log = await open(url());
    log.record(fact({ reason: 'too old' }));
    await log.flush();
    const path = join(folder, files()[0]!);
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, whole.replace('"reason":', '"reason":"never sent","reason":'));
    expect(await log.verify()).toMatchObject({ isIntact: false });
    writeFileSync(path, `${whole}\n`);
    expect(await log.verify()).toMatchObject({ isIntact: false });
    truncateSync(path, whole.length);
    expect(await log.verify()).toMatchObject({ isIntact: true });
  });

  it('forgets in place while its process goes on writing', async () => {
    const [one, other] = [await open(url()), await open(url())];
    const forgotten: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      for (let index = 0; index < 50; index += 1) one.record(fact());
      const [, count] = await Promise.all([one.flush(), other.forget([PERSON])]);
      forgotten.push(count);
    }
    forgotten.push(await other.forget([PERSON]));
    expect(forgotten.reduce((sum, count) => sum + count, 0)).toBe(500);
    expect(readFileSync(join(folder, files()[0]!), 'utf8')).not.toContain(PERSON);
    expect(await one.verify()).toMatchObject({ isIntact: true, records: 501, forgotten: 500 });
  });
});

describe('an audit log that was written with another key', () => {
  const OTHER = Buffer.alloc(32, 8);
  const warnings = () => logger.of('warn').filter((line) => line.includes('another encryptionKey'));

  async function session(url: string, options: Partial<AuditLogOptions> = {}): Promise<void> {
    const log = await open(url, options);
    log.record(fact());
    await log.close();
  }

  it.each(['file:', 'jsonl:'])('is warned of once at the start: %s', async (scheme) => {
    const url = `${scheme}${folder}/audit.${scheme === 'file:' ? 'db' : 'jsonl'}`;
    await session(url);
    await session(url);
    expect(warnings()).toEqual([]);
    await session(url, { key: OTHER });
    expect(warnings()).toHaveLength(1);
    // It has written lines of its own meanwhile.
    await session(url, { key: OTHER });
    expect(warnings()).toHaveLength(2);
    await session(url, { key: OTHER, formerKeys: [KEY] });
    expect(warnings()).toHaveLength(2);
  });
});

describe('verifyAuditLog', () => {
  it.each(['file:nowhere.db', 'jsonl:nowhere/audit.jsonl'])(
    'makes no log where there is none: %s',
    async (place) => {
      const [scheme = '', name = ''] = place.split(':');
      const url = `${scheme}:${join(folder, name)}`;
      await expect(verifyAuditLog(url, { key: KEY })).rejects.toThrow('audit: there ');
      expect(readdirSync(folder).join()).not.toContain('nowhere');
    },
  );

  it('adds nothing, and says no to another key', async () => {
    const url = `file:${join(folder, 'audit.db')}`;
    const log = await open(url);
    log.record(fact());
    await log.close();
    const extent = { isIntact: true, records: 3, forgotten: 0, openEnds: 0 };
    expect(await verifyAuditLog(url, { key: KEY })).toEqual(extent);
    expect(await verifyAuditLog(url, { key: KEY })).toEqual(extent);
    expect(await verifyAuditLog(url, { key: Buffer.alloc(32, 8) })).toMatchObject({
      isIntact: false,
    });
  });

  it('keeps ends elsewhere about once a second, and the last one of all', async () => {
    const clock = new FakeClock();
    const saved: number[] = [];
    const heads = {
      save: ({ seq }: { seq: number }) => Promise.resolve(void saved.push(seq)),
      load: () => Promise.resolve([]),
      remove: () => Promise.resolve(),
    };
    const log = await open(`jsonl:${join(folder, 'audit.jsonl')}`, { heads, clock });
    for (let index = 0; index < 30; index += 1) {
      log.record(fact());
      await clock.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (let tries = 0; saved[saved.length - 1] !== 31 && tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await clock.advance(100);
    }
    expect(saved.length).toBeGreaterThanOrEqual(2);
    expect(saved.length).toBeLessThanOrEqual(6);
    expect(saved[saved.length - 1]).toBe(31);
  });

  it('is not held up by what is no fact', async () => {
    const log = await open(`file:${join(folder, 'audit.db')}`);
    log.record({ kind: 'delivered', reason: 7 } as unknown as AuditFact);
    log.record(fact());
    await log.flush();
    expect(await log.query({})).toHaveLength(1);
    expect(logger.of('error').join()).toContain('no fact');
    expect(await log.verify()).toMatchObject({ isIntact: true, records: 2 });
  });

  it('writes in groups while facts keep coming', async () => {
    const log = await open(`file:${join(folder, 'audit.db')}`);
    const reader = new Database(join(folder, 'audit.db'));
    const version = reader.prepare('PRAGMA data_version');
    const commits = new Set<unknown>();
    const until = performance.now() + 700;
    let facts = 0;
    while (performance.now() < until) {
      log.record(fact());
      facts += 1;
      commits.add((version.get() as { data_version: number }).data_version);
      await new Promise((resolve) => setImmediate(resolve));
    }
    reader.close();
    await log.flush();
    expect(await log.query({ limit: Infinity })).toHaveLength(facts);
    expect(commits.size).toBeLessThan(10 + facts / 50);
  });

  it('goes on where ends cannot be kept elsewhere, and says so', async () => {
    const away = () => Promise.reject(new Error('away'));
    const heads = { save: away, load: away, remove: away };
    const log = await open(`file:${join(folder, 'audit.db')}`, { heads });
    log.record(fact());
    await log.flush();
    expect(await log.query({})).toHaveLength(1);
    expect(logger.of('error').join()).toContain('could not be kept elsewhere: away');
    await expect(log.verify()).rejects.toThrow('away');
  });
});
