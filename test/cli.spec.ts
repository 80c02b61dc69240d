import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { INestApplication } from '@nestjs/common';
import { optionsFromEnv, ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import { PlatformStub, aPurchase, aRegistration } from 'nestjs-server-tracking/testing';
import Database from 'libsql';

import { readCommandLine } from '../src/cli/command-line';
import { main } from '../src/cli/main';
import { ENCRYPTION_KEY } from './support/encryption';
import { RecordingLogger } from './support/recording-logger';
import { startApp } from './support/start-app';

const ROOT = join(__dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'tracking-'));
const path = join(folder, 'tracking.db');
const env = { TRACKING_STORAGE_URL: `file:${path}`, TRACKING_ENCRYPTION_KEY: ENCRYPTION_KEY };

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(line: string, variables: Record<string, string> = env): Promise<Ran> {
  const said = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      said[name] += text;
    },
  });
  const argv = line === '' ? [] : line.split(' ');
  const code = await main(argv, variables, stream('stdout'), stream('stderr'));
  return { code, ...said };
}

async function json(line: string): Promise<unknown> {
  const { code, stdout, stderr } = await run(`${line} --json`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the command line beside a running application', () => {
  let stub: PlatformStub;
  let app: INestApplication;
  let tracking: ServerTrackingService;

  beforeAll(async () => {
    stub = await PlatformStub.start();
    const { meta, tiktok } = stub.options();
    const storage = env.TRACKING_STORAGE_URL;
    const options = { meta, tiktok, storage, encryptionKey: ENCRYPTION_KEY };
    ({ app } = await startApp('express', {
      imports: [TrackingModule.forRoot({ ...options, logger: new RecordingLogger() })],
    }));
    tracking = app.get(ServerTrackingService);
    stub.behave('meta', { kind: 'validation-error' });
    for (const orderId of ['A-1', 'A-2'])
      await tracking.trackPurchase(aPurchase({ orderId }), { until: 'settled' });
    await tracking.trackRegistration(aRegistration({ eventId: 'S-1' }), { until: 'settled' });
  });

  afterAll(async () => {
    await app.close();
    await stub.close();
  });

  it('lists dead letters in columns, without what they hold', async () => {
    const { code, stdout, stderr } = await run('dead-letters list');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^WHEN +DESTINATION +EVENT +EVENT ID +ATTEMPTS +REASON$/);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      /^20\d\d-\d\d-\d\dT[\d:.]+Z +meta +purchase +purchase:A-1 +1 +Meta error 100\/2804003/,
    );
    expect(lines[2]?.indexOf('S-1')).toBe(head?.indexOf('EVENT ID'));
    expect(stdout).not.toMatch(/user_data|203\.0\.113\.7|[0-9a-f]{64}|EAAtoken/);
  });

  it.each<[string, string, string[]]>([
    ['an event', 'list --event sign_up', ['S-1']],
    ['an event ID', 'list --event-id purchase:A-2', ['purchase:A-2']],
    ['a destination', 'list --destination tiktok', []],
    [
      'a part of the reason',
      'list --reason (http --event purchase',
      ['purchase:A-1', 'purchase:A-2'],
    ],
    ['another reason', 'list --reason nonsense', []],
    ['an age that none has reached', 'list --before 1h', []],
    ['a time to come', 'list --before 2100-01-01', ['purchase:A-1', 'purchase:A-2', 'S-1']],
  ])('finds by %s', async (_rule, line, eventIds) => {
    const letters = (await json(`dead-letters ${line}`)) as { eventId: string }[];
    expect(letters.map(({ eventId }) => eventId)).toEqual(eventIds);
  });

  it('says that there are more than were asked for', async () => {
    const { stdout, stderr } = await run('dead-letters list --limit 2');
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
    expect(stderr).toBe(
      'nestjs-server-tracking: these are the oldest 2; there are more: --limit\n',
    );
  });

  it('shows one, and its data only where --body asks for it', async () => {
    const shown = await run('dead-letters show purchase:A-1');
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toMatch(
      /^destination: meta\nevent: {7}purchase\neventId: {5}purchase:A-1\n/,
    );
    expect(shown.stdout).toContain('key:         meta|purchase|purchase:A-1\n');
    expect(shown.stdout).not.toContain('user_data');
    expect((await run('dead-letters show purchase:A-1 --body')).stdout).toContain('"user_data"');
    const [letter] = (await json('dead-letters show purchase:A-1 --body')) as { body: string }[];
    expect(JSON.parse(letter?.body ?? '')).toMatchObject({ event_id: 'purchase:A-1' });
  });

  it('fails where there is nothing to show', async () => {
    expect(await run('dead-letters show purchase:none')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'nestjs-server-tracking: there is no such dead letter\n',
    });
  });

  it('tells the counters of each destination', async () => {
    expect(await json('stats')).toEqual([
      expect.objectContaining({ destination: 'meta', accepted: 3, deadLettered: 3, pending: 0 }),
      expect.objectContaining({ destination: 'tiktok', accepted: 3, delivered: 3, pending: 0 }),
    ]);
    const { stdout } = await run('stats');
    expect(stdout).toMatch(
      /^DESTINATION +PENDING +BYTES +ACCEPTED +DELIVERED +DEAD LETTERS .*\nmeta /,
    );
  });

  it('puts back what the running application then delivers', async () => {
    stub.behave('meta', { kind: 'success' });
    const { code, stdout } = await run('dead-letters redrive --event purchase --limit 1');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1 dead letter put back.\n' });
    await delivered('purchase:A-1');
    expect(await json('dead-letters redrive --event purchase')).toEqual({ redriven: 1 });
    await delivered('purchase:A-2');
    expect(await json('dead-letters list')).toEqual([expect.objectContaining({ eventId: 'S-1' })]);
  });

  it('works as a process of its own, which ends by itself', async () => {
    expect(await runProcess('dead-letters list --json')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"eventId": "S-1"'),
      stderr: '',
    });
    expect(await runProcess('stats --yes')).toMatchObject({ code: 2, stdout: '' });
  }, 60_000);

  it('throws away only with --yes', async () => {
    expect(await run('dead-letters purge --event sign_up')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('dead-letters purge cannot be undone: say --yes'),
    });
    expect(await run('dead-letters purge --event sign_up --yes')).toEqual({
      code: 0,
      stdout: '1 dead letter thrown away.\n',
      stderr: '',
    });
    expect((await run('dead-letters list')).stdout).toBe('No dead letters.\n');
    expect(await json('dead-letters redrive --yes')).toEqual({ redriven: 0 });
  });

  it('has left the application unharmed', async () => {
    const receipt = await tracking.trackPurchase(aPurchase(), { until: 'settled' });
    expect(receipt.destinations.meta).toEqual({ kind: 'delivered' });
    expect(tracking.getStatus().details.storageHealth).toEqual({ state: 'ready' });
  });

  async function delivered(eventId: string): Promise<void> {
    const untilMs = Date.now() + 5_000;
    while (!stub.eventsAt('meta').some((event) => event.event_id === eventId)) {
      if (Date.now() > untilMs) throw new Error(`${eventId} was not delivered`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});

describe('without the encryption key', () => {
  it('lists, counts and puts back, and says what it cannot open', async () => {
    const file = join(folder, 'sealed.db');
    const stub = await PlatformStub.start();
    stub.behave('meta', { kind: 'validation-error' });
    const { app } = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          meta: stub.options().meta,
          storage: `file:${file}`,
          encryptionKey: ENCRYPTION_KEY,
          logger: new RecordingLogger(),
        }),
      ],
    });
    const tracking = app.get(ServerTrackingService);
    await tracking.trackPurchase(aPurchase({ orderId: 'S-1' }), { until: 'settled' });
    await app.close();
    await stub.close();
    const bare = { TRACKING_STORAGE_URL: `file:${file}` };
    expect((await run('dead-letters list', bare)).stdout).toContain('purchase:S-1');
    expect(await run('dead-letters show purchase:S-1', bare)).toMatchObject({
      code: 0,
      stderr: '',
    });
    const shown = await run('dead-letters show purchase:S-1 --body', bare);
    expect(shown).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('purchase:S-1') as string,
      stderr: expect.stringContaining('set TRACKING_ENCRYPTION_KEY') as string,
    });
    const keyed = { ...bare, TRACKING_ENCRYPTION_KEY: ENCRYPTION_KEY };
    expect((await run('dead-letters show purchase:S-1 --body', keyed)).stdout).toContain(
      'event_id',
    );
    expect(await run('dead-letters redrive --yes', bare)).toMatchObject({
      code: 0,
      stdout: '1 dead letter put back.\n',
    });
    expect(await run('stats', { ...bare, TRACKING_ENCRYPTION_KEY: 'hunter2' })).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.not.stringContaining('hunter2') as string,
    });
  });
});

describe('a storage that is none', () => {
  it('is not made', async () => {
    const missing = join(folder, 'missing', 'tracking.db');
    expect(await run('stats', { TRACKING_STORAGE_URL: `file:${missing}` })).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(`there is no file ${missing}`),
    });
    expect(existsSync(join(folder, 'missing'))).toBe(false);
  });

  it('is left as it is, be it no database or another application’s', async () => {
    const notes = join(folder, 'notes.txt');
    writeFileSync(notes, 'x'.repeat(5_000));
    const shop = join(folder, 'shop.db');
    const database = new Database(shop);
    database.exec('CREATE TABLE orders (id)');
    database.close();
    const before = readFileSync(shop);
    expect((await run(`stats --storage file:${notes}`)).stderr).toContain(
      'the file is no database',
    );
    expect((await run(`stats --storage file:${folder}`)).stderr).toContain('is no file');
    expect((await run(`stats --storage file:${shop}`)).stderr).toContain(
      'none of nestjs-server-tracking',
    );
    expect(readFileSync(notes, 'utf8')).toBe('x'.repeat(5_000));
    expect(readFileSync(shop).equals(before)).toBe(true);
    expect(readdirSync(folder).filter((name) => /damaged|^(?:shop|notes)\..*-/.test(name))).toEqual(
      [],
    );
  });

  it('is not repaired behind the back of its application', async () => {
    const damaged = join(folder, 'damaged.db');
    const stub = await PlatformStub.start();
    const storage = `file:${damaged}`;
    const options = {
      meta: stub.options().meta,
      storage,
      encryptionKey: ENCRYPTION_KEY,
      logger: new RecordingLogger(),
    };
    const { app } = await startApp('express', { imports: [TrackingModule.forRoot(options)] });
    await app.get(ServerTrackingService).trackPurchase(aPurchase(), { until: 'settled' });
    await app.close();
    await stub.close();
    const bytes = readFileSync(damaged);
    bytes.fill(0x5a, 3 * 8_192);
    writeFileSync(damaged, bytes);
    const { code, stderr } = await run(`stats --storage ${storage}`);
    expect(code).toBe(1);
    expect(stderr).toContain('the database file is damaged');
    expect(stderr).toContain('nothing was changed');
    expect(readFileSync(damaged).equals(bytes)).toBe(true);
  });

  it.each(['stats', 'dead-letters list'])(
    'has no figures while its server is away: %s',
    async (line) => {
      const { code, stdout, stderr } = await run(line, {
        REDIS_URL: 'redis://user:hunter2@127.0.0.1:1/0',
      });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('redis://127.0.0.1:1/0');
      expect(stderr).not.toContain('hunter2');
    },
    20_000,
  );

  it('is named without its password', async () => {
    const { code, stdout, stderr } = await run('stats', {
      REDIS_URL: 'redis://user:hunter2@127.0.0.1:1/0?prefix=not-one',
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^nestjs-server-tracking: storage: .*\n$/);
    expect(stderr).not.toContain('hunter2');
  });
});

describe('what was typed', () => {
  it.each<[string, string, string]>([
    ['nothing', '', 'expected a command'],
    [
      'an unknown command',
      'list',
      'there is no command "list"; expected dead-letters, stats or audit',
    ],
    ['an unknown part', 'dead-letters drop', 'there is no command "dead-letters drop"'],
    ['a surplus word', 'dead-letters list meta', 'does not know what "meta" is for'],
    ['an unknown option', 'stats --colour', "Unknown option '--colour'"],
    ['an option of another command', 'stats --destination meta', 'stats takes no --destination'],
    ['an option without its value', 'dead-letters list --event', '--event'],
    ['an empty filter', 'dead-letters purge --yes --destination=', '--destination is empty'],
    ['a limit of nothing', 'dead-letters list --limit 0', '--limit: expected a whole number'],
    ['a time that is none', 'dead-letters list --before soon', '--before: expected an age'],
    ['redrive of everything', 'dead-letters redrive', 'means all of them: say --yes'],
    ['show of everything', 'dead-letters show', 'needs an event ID or a filter'],
    ['two event IDs', 'dead-letters show a --event-id b', 'was given twice'],
    ['memory', 'stats --storage memory:', 'is inside the application'],
    ['no URL', 'stats --storage tracking.db', '--storage: expected file:'],
  ])('is wrong usage: %s', async (_rule, line, problem) => {
    const { code, stdout, stderr } = await run(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(problem);
    expect(stderr).toMatch(/\nTry: nestjs-server-tracking --help\n$/);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('is wrong usage without a storage', async () => {
    expect(await run('stats', {})).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('set TRACKING_STORAGE_URL'),
    });
  });

  it('has its problems told together', async () => {
    const { stderr } = await run('dead-letters purge --limit all --before never', {});
    expect(stderr.trimEnd().split('\n')).toHaveLength(5);
  });

  it('may ask for help or the version, whatever stands beside it', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, stderr: '' });
    expect((await run('dead-letters purge -h')).stdout).toMatch(/^Usage: nestjs-server-tracking /);
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await run('-v', {})).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each<Record<string, string>>([
    { TRACKING_STORAGE_URL: 'file:./a.db', REDIS_URL: 'redis://b:6379' },
    { TRACKING_STORAGE_URL: ' ', REDIS_URL: 'redis://b:6379' },
    { REDIS_URL: ' redis://b:6379 ' },
  ])('finds the storage in the environment where the module finds it: %j', (variables) => {
    expect(readCommandLine(['stats'], variables, 0)).toMatchObject({
      storage: optionsFromEnv(variables).storage,
    });
  });
});

/** From the sources, with the compiler that the demo uses. */
function runProcess(line: string): Promise<Ran> {
  const bin = join(ROOT, 'src/cli/bin.ts');
  const args = ['-r', '@swc-node/register', bin, ...line.split(' ')];
  const variables = { PATH: process.env.PATH, ...env };
  const child = spawn(process.execPath, args, { cwd: ROOT, env: variables });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, ...said });
    });
  });
}
