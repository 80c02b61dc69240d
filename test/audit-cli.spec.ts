import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'libsql';
import { AuditHeads, auditKeys, openAuditLog } from 'nestjs-server-tracking/audit';

import { main } from '../src/cli/main';
import { systemClock } from '../src/clock';
import { ActivityStream } from '../src/outbox/activity';
import { DURABLE_DEFAULTS } from '../src/outbox/outbox-settings';
import { Vault } from '../src/records/vault';
import { openSqliteStorage } from '../src/sqlite/sqlite-storage';
import { RecordingLogger } from './support/recording-logger';

const KEY = Buffer.alloc(32, 7);
const ANNA = 'anna-0123456789abcdefgh';
const folder = mkdtempSync(join(tmpdir(), 'tracking-'));
const path = join(folder, 'audit.db');
const ENV = { TRACKING_AUDIT_URL: `file:${path}`, TRACKING_ENCRYPTION_KEY: KEY.toString('base64') };

async function run(line: string, env: Record<string, string> = ENV) {
  const said = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      said[name] += text;
    },
  });
  const code = await main(
    `audit ${line}`.trim().split(' '),
    env,
    stream('stdout'),
    stream('stderr'),
  );
  return { code, ...said };
}

beforeAll(async () => {
  const log = await openAuditLog(ENV.TRACKING_AUDIT_URL, {
    ...auditKeys(ENV.TRACKING_ENCRYPTION_KEY),
    clock: systemClock,
    logger: new RecordingLogger(),
  });
  const atMs = Date.now() - 20 * 24 * 3_600_000;
  log.record({ kind: 'accepted', atMs, subjects: [ANNA], eventId: 'purchase:1' });
  log.record({ kind: 'delivered', atMs: Date.now(), subjects: [], eventId: 'purchase:2' });
  await log.close();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('audit, on the command line', () => {
  it('says that a log is whole', async () => {
    expect(await run('verify')).toEqual({
      code: 0,
      stdout:
        'Intact: 4 lines are as they were written; somebody was forgotten in 0; 0 open ends.\n',
      stderr: expect.stringContaining('the ends of chains were not looked up') as string,
    });
    expect(JSON.parse((await run('verify --json')).stdout)).toMatchObject({ isIntact: true });
  });

  it('shows that lines at the end are missing, by the ends that the storage keeps', async () => {
    const storageUrl = `file:${join(folder, 'tracking.db')}`;
    const cutUrl = `file:${join(folder, 'cut.db')}`;
    const storage = await openSqliteStorage(storageUrl, {
      clock: systemClock,
      settings: DURABLE_DEFAULTS,
      activity: new ActivityStream(),
      logger: new RecordingLogger(),
      vault: new Vault([KEY]),
    });
    const log = await openAuditLog(cutUrl, {
      ...auditKeys(ENV.TRACKING_ENCRYPTION_KEY),
      logger: new RecordingLogger(),
      heads: new AuditHeads(storage.records),
    });
    log.record({ kind: 'delivered', atMs: Date.now(), subjects: [], eventId: 'purchase:3' });
    await log.close();
    await storage.close?.();
    const env = { ...ENV, TRACKING_AUDIT_URL: cutUrl, TRACKING_STORAGE_URL: storageUrl };
    expect(await run('verify', env)).toMatchObject({ code: 0, stderr: '' });

    const database = new Database(join(folder, 'cut.db'));
    database.exec('DELETE FROM lines WHERE seq = (SELECT max(seq) FROM lines)');
    expect(await run('verify', env)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('cut-short') as string,
    });
    database.exec('DELETE FROM lines; DELETE FROM who');
    database.close();
    expect(await run(`verify --storage ${storageUrl}`, env)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('cut-short') as string,
    });
    expect(await run('verify --storage file:/nowhere/tracking.db', env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('/nowhere/tracking.db') as string,
    });
  });

  it('exports the lines about a person or an event', async () => {
    const { code, stdout } = await run(`export --subject ${ANNA}`);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'accepted', eventId: 'purchase:1' });
    expect(JSON.parse((await run('export --event-id purchase:2 --since 1d')).stdout)).toMatchObject(
      { kind: 'delivered' },
    );
  });

  it.each<[string, string, Record<string, string>?]>([
    ['', 'expected audit verify, export or purge'],
    ['verify now', 'does not know what "now" is for'],
    ['verify --yes', 'audit verify takes no --yes'],
    ['verify --wrong', "Unknown option '--wrong'"],
    ['export', 'audit export needs --subject or --event-id'],
    ['purge --before 7d', 'cannot be undone: say --yes'],
    ['purge --yes', 'needs --before'],
    ['purge --yes --before lunch', '--before: expected an age'],
    ['verify', 'set TRACKING_AUDIT_URL', { TRACKING_ENCRYPTION_KEY: ENV.TRACKING_ENCRYPTION_KEY }],
    [
      'verify',
      'TRACKING_ENCRYPTION_KEY: expected 32 bytes',
      { ...ENV, TRACKING_ENCRYPTION_KEY: 'secret' },
    ],
    ['verify --audit redis://u:secret@h', '--audit: expected file:'],
  ])('refuses "%s": %s', async (line, problem, env = ENV) => {
    const { code, stdout, stderr } = await run(line, env);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(problem);
    expect(stderr).not.toContain('secret');
  });

  it('makes no log where there is none', async () => {
    const { code, stderr } = await run(`verify --audit file:${join(folder, 'other.db')}`);
    expect(code).toBe(1);
    expect(stderr).toContain('there is no file');
    const other = join(folder, 'other', 'audit.jsonl');
    expect((await run(`verify --audit jsonl:${other}`)).stderr).toContain('there are no files of');
    expect(existsSync(join(folder, 'other'))).toBe(false);
  });

  it('helps', async () => {
    expect((await run('--help')).stdout).toContain('audit verify');
  });

  it('names what was changed', async () => {
    const database = new Database(path);
    const change = (from: string, to: string) =>
      database.prepare('UPDATE lines SET event_id = ? WHERE event_id = ?').run(to, from);
    change('purchase:2', 'purchase:3');
    const { code, stdout } = await run('verify');
    change('purchase:3', 'purchase:2');
    database.close();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^CHANGED: 1 problems\..*\naltered [\w-]{16}:3 /);
  });

  it('removes what is older, and the log holds', async () => {
    expect((await run('purge --before 0m --yes')).stdout).toBe('4 lines removed.\n');
    expect((await run('verify')).stdout).toContain('Intact: 0 lines');
  });
});
