import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';
import { Client } from 'pg';

import { openBullmqStorage } from '../src/bullmq';
import { systemClock, type Clock } from '../src/clock';
import { ContextStore } from '../src/context/context-store';
import { ActivityStream } from '../src/outbox/activity';
import type { NextStep, OutboxEntry } from '../src/outbox/outbox';
import { DURABLE_DEFAULTS, type OutboxSettings } from '../src/outbox/outbox-settings';
import type { Storage } from '../src/outbox/storage';
import { describeOutbox, describeRecordStore, FakeClock } from 'nestjs-server-tracking/testing';
import { GroupCodec } from '../src/bullmq/group';
import { VAULT } from './support/encryption';

const REDIS = 'redis://127.0.0.1:6379';
const POSTGRES = 'postgres://postgres@127.0.0.1:5432/test';
const hasServers = process.env.TRACKING_TEST_SERVERS !== 'none';
const describeServers = hasServers ? describe : describe.skip;

/** What the storages of this file have said, and what has to be closed or removed. */
const said: string[] = [];
const opened: Storage[] = [];
const prefixes: string[] = [];
const servers: ChildProcess[] = [];

/** Connections that measure how fast a server is just now. */
let pulseRedis: Redis | undefined;
let pulsePostgres: Client | undefined;

jest.setTimeout(60_000);

afterEach(async () => {
  await Promise.all(opened.splice(0).map((storage) => storage.close?.() ?? Promise.resolve()));
  said.length = 0;
});

afterAll(async () => {
  for (const server of servers) server.kill('SIGKILL');
  if (!hasServers) return;
  await pulseRedis?.quit();
  await pulsePostgres?.end();
  const redis = new Redis(REDIS);
  for (const prefix of prefixes) {
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.del(...keys);
  }
  await redis.quit();
  const client = new Client(POSTGRES);
  await client.connect();
  for (const prefix of prefixes) await client.query(`DROP SCHEMA IF EXISTS ${prefix} CASCADE`);
  await client.end();
}, 60_000);

describeServers.each([
  { name: 'Redis', url: REDIS },
  { name: 'Postgres', url: POSTGRES },
])('$name (TRACKING_TEST_SERVERS=none skips what needs a server)', ({ name, url }) => {
  let prefix = '';
  describeOutbox(name, {
    create: async (clock, settings) => {
      prefix = newPrefix();
      return (await open(url, prefix, settings, clock)).outbox;
    },
    another: async (clock, settings) => (await open(url, prefix, settings, clock)).outbox,
    settle: () => letServerWork(url),
  });

  describeRecordStore(name, {
    create: async (clock) => {
      prefix = newPrefix();
      return (await open(url, prefix, {}, clock)).records;
    },
    another: async (clock) => (await open(url, prefix, {}, clock)).records,
  });

  it('stores one of many equal keys that come at once from two processes', async () => {
    const shared = newPrefix();
    const both = [await open(url, shared), await open(url, shared)];
    const results = await Promise.all(
      Array.from({ length: 20 }, (_unused, index) => both[index % 2]!.outbox.append([entry('a')])),
    );
    const kinds = results.flat().map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'stored')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'duplicate')).toHaveLength(19);
  });

  it('counts once what two processes store and deliver together', async () => {
    const shared = newPrefix();
    const both = [await open(url, shared), await open(url, shared)];
    const handed: string[] = [];
    for (const { outbox } of both)
      outbox.consume(
        { destination: 'meta', maxEntries: 7, concurrency: 2, lingerMs: 1 },
        (batch) => {
          handed.push(...batch.map(({ key }) => key));
          return Promise.resolve(batch.map((): NextStep => ({ kind: 'settle' })));
        },
      );
    await Promise.all(
      Array.from({ length: 500 }, (_unused, index) =>
        both[index % 2]!.outbox.append([entry(`k${index}`)]),
      ),
    );
    await until(async () => (await statsOf(both[0]!))?.pending === 0);
    expect(new Set(handed).size).toBe(500);
    expect(handed).toHaveLength(500);
    expect(await statsOf(both[1]!)).toMatchObject({
      accepted: 500,
      delivered: 500,
      pendingBytes: 0,
    });
  });

  it('keeps a context until its time is up, for other processes too', async () => {
    const clock = new FakeClock();
    const shared = newPrefix();
    const first = await open(url, shared, {}, clock);
    const second = await open(url, shared, {}, clock);
    const context = { ip: '203.0.113.7', clickIds: { fbc: 'fb.1.2.x' } };
    const contexts = [first, second].map(({ records }) => new ContextStore(records, VAULT, clock));
    const expiresAtMs = clock.now() + 60_000;
    await contexts[0]?.put('ref', { context, subjects: [], expiresAtMs });
    expect((await contexts[1]?.load('ref'))?.context).toEqual(context);
    await clock.advance(60_001);
    expect(await contexts[1]?.load('ref')).toBeUndefined();
    expect(await contexts[1]?.load('other')).toBeUndefined();
  });

  it('hands over at once what a process gave back when it closed', async () => {
    const shared = newPrefix();
    const first = await open(url, shared);
    first.outbox.consume(lane({ lingerMs: 60_000 }), settleAll);
    await first.outbox.append([entry('a')]);
    await sleep(200);
    await first.close?.();
    const second = await open(url, shared);
    const startedAt = performance.now();
    second.outbox.consume(lane(), settleAll);
    await until(async () => (await statsOf(second))?.delivered === 1);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describeServers.each([
  { name: 'Redis', port: 6379, url: (port: number) => `redis://127.0.0.1:${port}` },
  {
    name: 'Postgres',
    port: 5432,
    url: (port: number) => `postgres://postgres@127.0.0.1:${port}/test`,
  },
])('$name out of reach', ({ port, url }) => {
  it('is taken up again when it comes after the start, and when it comes back', async () => {
    const line = new Line(port);
    const storage = await open(url(await line.reserve()), newPrefix());
    const handed: string[] = [];
    storage.outbox.consume(lane(), (batch) => {
      handed.push(...batch.map(({ key }) => key));
      return Promise.resolve(batch.map((): NextStep => ({ kind: 'settle' })));
    });
    const append = async (key: string) => (await storage.outbox.append([entry(key)]))[0]?.kind;
    expect(await append('a')).toBe('refused');
    for (const key of ['b', 'c']) {
      await line.up();
      await until(async () => ['stored', 'duplicate'].includes((await append(key)) ?? ''));
      await until(() => handed.includes(key));
      await until(() => storage.health?.().state === 'ready' || port === 6379);
      await line.down();
      expect(await append(`${key}2`)).toBe('refused');
      expect(storage.health?.()).toMatchObject({ state: 'degraded' });
    }
    expect(await statsOf(storage)).toMatchObject({ refused: expect.any(Number) });
    const startedAt = performance.now();
    await storage.close?.();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  }, 90_000);

  it('is taken up again by new connections where the old ones have fallen silent', async () => {
    const line = new Line(port);
    const storage = await open(url(await line.reserve()), newPrefix());
    await line.up();
    const handed: string[] = [];
    storage.outbox.consume(lane(), (batch) => {
      handed.push(...batch.map(({ key }) => key));
      return settleAll(batch);
    });
    const append = async (key: string) => (await storage.outbox.append([entry(key)]))[0]?.kind;
    await until(async () => ['stored', 'duplicate'].includes((await append('a')) ?? ''));
    await until(() => handed.includes('a'));
    line.fallSilent();
    const startedAt = performance.now();
    expect(await append('b')).toBe('refused');
    await until(async () => ['stored', 'duplicate'].includes((await append('b')) ?? ''));
    await until(() => handed.includes('b'));
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    await storage.close?.();
    await line.down();
  }, 60_000);
});

describeServers('groups on Redis', () => {
  it('puts what is appended in one moment into few jobs', async () => {
    const prefix = newPrefix();
    const { outbox } = await open(REDIS, prefix);
    await Promise.all(
      Array.from({ length: 1_000 }, (_unused, index) => outbox.append([entry(`k${index}`)])),
    );
    const redis = new Redis(REDIS);
    expect(await redis.llen(`${prefix}:q:meta:wait`)).toBeLessThanOrEqual(8);
    await redis.quit();
  });

  it('takes a key over whose process is gone, and is told nothing false meanwhile', async () => {
    const prefix = newPrefix();
    const { outbox } = await open(REDIS, prefix);
    const redis = new Redis(REDIS);
    await redis.set(`${prefix}:k:a`, 'c:somebody', 'PX', 500);
    const startedAt = performance.now();
    const [result] = await outbox.append([entry('a')]);
    expect(result?.kind).toBe('stored');
    expect(performance.now() - startedAt).toBeGreaterThan(300);
    await redis.set(`${prefix}:k:b`, 'c:somebody', 'PX', 60_000);
    const [refused] = await outbox.append([entry('b')]);
    expect(refused).toMatchObject({ kind: 'refused', problem: { code: 'storage_unavailable' } });
    await redis.quit();
  });

  it('stores of a group what is new and has room, and leaves no job behind of what is not', async () => {
    const prefix = newPrefix();
    const { outbox } = await open(REDIS, prefix, { maxPendingEntries: 4, overflow: 'reject-new' });
    await outbox.append([entry('a'), entry('b')]);
    const results = await outbox.append(['b', 'c', 'a', 'd', 'e'].map((key) => entry(key)));
    expect(results.map(({ kind }) => kind)).toEqual([
      'duplicate',
      'stored',
      'duplicate',
      'stored',
      'refused',
    ]);
    const redis = new Redis(REDIS);
    expect(await redis.llen(`${prefix}:q:meta:wait`)).toBe(2);
    expect(await redis.keys(`${prefix}:q:meta:*:logs`)).toHaveLength(2);
    const [stats] = await outbox.stats();
    expect(stats).toMatchObject({ accepted: 4, pending: 4, duplicates: 2, refused: 1 });
    await redis.quit();
  });

  it('stores each of many keys once that come at once, twice each', async () => {
    const prefix = newPrefix();
    const { outbox } = await open(REDIS, prefix);
    const keys = Array.from({ length: 5_000 }, (_unused, index) => `k${index}`);
    const results = await Promise.all([...keys, ...keys].map((key) => outbox.append([entry(key)])));
    const kinds = results.map(([result]) => result?.kind);
    expect(kinds.slice(0, 5_000).every((kind) => kind === 'stored')).toBe(true);
    expect(kinds.slice(5_000).every((kind) => kind === 'duplicate')).toBe(true);
    const [stats] = await outbox.stats();
    expect(stats).toMatchObject({ accepted: 5_000, pending: 5_000, duplicates: 5_000 });
  });

  it('leaves nothing of a job behind when its entries have ended', async () => {
    const prefix = newPrefix();
    const storage = await open(REDIS, prefix);
    await storage.outbox.append([entry('a'), { ...entry('b'), priority: 2 }]);
    storage.outbox.consume(lane(), settleAll);
    await until(async () => (await statsOf(storage))?.delivered === 2);
    const redis = new Redis(REDIS);
    await until(async () => (await redis.keys(`${prefix}:q:meta:*-1*`)).length === 0);
    expect(await redis.keys(`${prefix}:q:meta:*:logs`)).toEqual([]);
    await redis.quit();
  });

  it('reads a job in which what is sealed stands within the data', async () => {
    const prefix = newPrefix();
    const storage = await open(REDIS, prefix);
    await storage.outbox.append([entry('a')]);
    const redis = new Redis(REDIS);
    const [key] = await redis.keys(`${prefix}:q:meta:*-1`);
    const { data } = new GroupCodec(VAULT, 'within').encode('meta', [entry('a')]);
    await redis.hset(key!, 'data', data);
    await redis.del(`${key}:logs`);
    await redis.quit();
    const bodies: string[] = [];
    storage.outbox.consume(lane(), (batch) => {
      bodies.push(...batch.map(({ wire }) => wire.body));
      return settleAll(batch);
    });
    await until(async () => (await statsOf(storage))?.delivered === 1);
    expect(bodies).toEqual([entry('a').wire.body]);
  });

  it('leaves a job to others that looks for what is sealed within the data', () => {
    const { data, sealed } = new GroupCodec(VAULT, 'apart').encode('meta', [entry('a')]);
    expect(data).not.toContain('event_id');
    const [read] = new GroupCodec(VAULT, 'apart').decode('meta', data, sealed);
    expect(read).toMatchObject(entry('a'));
    expect(() =>
      VAULT.openText((JSON.parse(data) as { sealed: string }).sealed, 'group:meta'),
    ).toThrow(expect.objectContaining({ isKeyMissing: true }) as Error);
  });

  it('does not settle a job that another process has taken', async () => {
    const prefix = newPrefix();
    const { outbox } = await open(REDIS, prefix);
    const redis = new Redis(REDIS);
    outbox.consume(lane({ lingerMs: 0 }), async (batch) => {
      const [lock] = await redis.keys(`${prefix}:q:meta:*:lock`);
      await redis.set(lock!, 'another process', 'PX', 60_000);
      return batch.map((): NextStep => ({ kind: 'settle' }));
    });
    await outbox.append([entry('a')]);
    await sleep(300);
    const [stats] = await outbox.stats();
    expect(stats).toMatchObject({ accepted: 1, delivered: 0, pending: 1 });
    await redis.quit();
  });
});

describe('a server that is away', () => {
  it.each([
    ['Redis', 'redis://user:secret@127.0.0.1'],
    ['Postgres', 'postgres://user:secret@127.0.0.1'],
  ])(
    '%s: starts all the same, refuses at once, says so without the password',
    async (_name, base) => {
      const startedAt = performance.now();
      const storage = await open(`${base}:${await freePort()}/0`, newPrefix());
      storage.outbox.consume(lane(), settleAll);
      const results = await storage.outbox.append([entry('a'), entry('b')]);
      const refused = { kind: 'refused', problem: { code: 'storage_unavailable' } };
      expect(results).toMatchObject([refused, refused]);
      expect(storage.health?.()).toMatchObject({ state: 'degraded' });
      expect(await statsOf(storage)).toMatchObject({ accepted: 0, refused: 2 });
      expect(await storage.outbox.flush(100)).toBe(false);
      await storage.close?.();
      expect(performance.now() - startedAt).toBeLessThan(15_000);
      expect(said.length).toBeGreaterThan(0);
      expect(`${said.join()} ${storage.description} ${JSON.stringify(results)}`).not.toContain(
        'secret',
      );
    },
  );

  it('refuses within two seconds what a server that does not answer was given', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const storage = await open(`redis://127.0.0.1:${port}`, newPrefix());
    const startedAt = performance.now();
    const [result] = await storage.outbox.append([entry('a')]);
    expect(result?.kind).toBe('refused');
    expect(performance.now() - startedAt).toBeLessThan(6_000);
    await storage.close?.();
    silent.close();
  });

  describeServers('Redis, killed and started again', () => {
    it('refuses meanwhile, and takes and delivers again by itself', async () => {
      const port = await freePort();
      const url = `redis://127.0.0.1:${port}`;
      const first = await startRedis(port);
      const storage = await open(url, newPrefix());
      const handed: string[] = [];
      storage.outbox.consume(lane(), (batch) => {
        handed.push(...batch.map(({ key }) => key));
        return Promise.resolve(batch.map((): NextStep => ({ kind: 'settle' })));
      });
      await storage.outbox.append([entry('a')]);
      await until(() => handed.includes('a'));
      first.kill('SIGKILL');
      await until(async () => (await storage.outbox.append([entry('b')]))[0]?.kind === 'refused');
      expect(storage.health?.()).toMatchObject({ state: 'degraded' });
      const startedAt = performance.now();
      await storage.outbox.append([entry('c')]);
      await storage.outbox.stats();
      expect(performance.now() - startedAt).toBeLessThan(8_000);
      await startRedis(port);
      await until(async () => (await storage.outbox.append([entry('d')]))[0]?.kind === 'stored');
      await until(() => handed.includes('d'));
      expect(await statsOf(storage)).toMatchObject({ pending: 0 });
    }, 20_000);
  });
});

describeServers('Redis whose memory is full', () => {
  it('takes nothing, and settles and takes again when there is room', async () => {
    const port = await freePort();
    await startRedis(port);
    const storage = await open(`redis://127.0.0.1:${port}`, newPrefix());
    let goOn = (): void => undefined;
    const isFull = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let handed = 0;
    storage.outbox.consume(lane(), async (batch) => {
      handed += batch.length;
      await isFull;
      return settleAll(batch);
    });
    await storage.outbox.append([entry('a')]);
    await until(() => handed === 1);
    const redis = new Redis(port);
    await redis.config('SET', 'maxmemory', '1');
    const [refused] = await storage.outbox.append([entry('b')]);
    expect(refused).toMatchObject({ kind: 'refused', problem: { code: 'storage_unavailable' } });
    expect(storage.health?.()).toMatchObject({ state: 'degraded' });
    goOn();
    await until(() => said.some((line) => line.includes('could not be written down')));
    expect(await statsOf(storage)).toMatchObject({ pending: 1, delivered: 0 });
    await redis.config('SET', 'maxmemory', '0');
    expect((await storage.outbox.append([entry('b')]))[0]?.kind).toBe('stored');
    await until(async () => (await statsOf(storage))?.delivered === 2);
    expect(await statsOf(storage)).toMatchObject({ accepted: 2, pending: 0 });
    await until(async () => (await redis.keys('*:q:meta:active')).length === 0);
    await redis.quit();
  });
});

describeServers('Redis, the connection to which is cut for a moment', () => {
  it('is told again what was under way', async () => {
    const port = await freePort();
    await startRedis(port);
    const line = new Line(port);
    const linePort = await line.reserve();
    await line.up();
    const storage = await open(`redis://127.0.0.1:${linePort}`, newPrefix());
    let goOn = (): void => undefined;
    const isPaused = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const handed: string[] = [];
    storage.outbox.consume(lane(), async (batch) => {
      handed.push(...batch.map(({ key }) => key));
      await isPaused;
      return settleAll(batch);
    });
    await storage.outbox.append([entry('a')]);
    await until(() => handed.length === 1);
    const redis = new Redis(port);
    await redis.call('CLIENT', 'PAUSE', '1000', 'WRITE');
    goOn();
    const startedAt = performance.now();
    const appended = storage.outbox.append([entry('b')]);
    await sleep(100);
    line.cut();
    expect((await appended)[0]).toMatchObject({ problem: { code: 'storage_unavailable' } });
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    await until(async () => (await storage.outbox.append([entry('c')]))[0]?.kind !== 'refused');
    await until(async () => (await statsOf(storage))?.pending === 0);
    expect(new Set(handed).size).toBe(handed.length);
    expect(handed).toEqual(expect.arrayContaining(['a', 'c']));
    await storage.close?.();
    await redis.quit();
    await line.down();
  });
});

describeServers('Redis that takes no writes for a moment, as while it fails over', () => {
  it('hears afterwards of what was delivered, which is not delivered again', async () => {
    const port = await freePort();
    await startRedis(port);
    const storage = await open(`redis://127.0.0.1:${port}`, newPrefix());
    let goOn = (): void => undefined;
    const isReadOnly = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let handed = 0;
    storage.outbox.consume(lane(), async (batch) => {
      handed += batch.length;
      await isReadOnly;
      return settleAll(batch);
    });
    await storage.outbox.append([entry('a')]);
    await until(() => handed === 1);
    const redis = new Redis(port);
    await redis.config('SET', 'min-replicas-to-write', '1');
    goOn();
    await until(() => said.some((line) => line.includes('could not be written down')));
    await redis.config('SET', 'min-replicas-to-write', '0');
    await until(async () => (await statsOf(storage))?.pending === 0);
    expect(await statsOf(storage)).toMatchObject({ accepted: 1, delivered: 1 });
    expect(handed).toBe(1);
    await redis.quit();
  });
});

describeServers('Redis that was full at the start, or has lost its scripts', () => {
  it.each(['full', 'without scripts'])('takes again what it is given (%s)', async (trouble) => {
    const port = await freePort();
    await startRedis(port);
    const redis = new Redis(port);
    if (trouble === 'full') await redis.config('SET', 'maxmemory', '1');
    const storage = await open(`redis://127.0.0.1:${port}`, newPrefix());
    await storage.outbox.append([entry('a')]);
    if (trouble === 'full') await redis.config('SET', 'maxmemory', '0');
    else await redis.script('FLUSH');
    expect((await storage.outbox.append([entry('b')]))[0]?.kind).toBe('stored');
    const [waiting] = await redis.keys('*:q:meta:wait');
    expect(await statsOf(storage)).toMatchObject({ pending: await redis.llen(waiting!) });
    await redis.quit();
  });
});

describeServers('the start on Redis', () => {
  it('warns of a server that forgets or evicts, and is degraded by it', async () => {
    const port = await freePort();
    await startRedis(port, ['--maxmemory-policy', 'allkeys-lru']);
    const storage = await open(`redis://127.0.0.1:${port}`, newPrefix());
    expect(said.join('\n')).toMatch(/maxmemory-policy is allkeys-lru/);
    expect(said.join('\n')).toMatch(/append-only file/);
    expect(storage.health?.()).toMatchObject({ state: 'degraded' });
  });

  it('is content with an append-only file and no eviction', async () => {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'redis-'));
    await startRedis(port, ['--appendonly', 'yes', '--dir', folder]);
    const storage = await open(`redis://127.0.0.1:${port}`, newPrefix());
    expect(said).toEqual([]);
    expect(storage.health?.()).toEqual({ state: 'ready' });
    await rm(folder, { recursive: true, force: true });
  });

  it('says nothing of what it cannot know where CONFIG is forbidden', async () => {
    const port = await freePort();
    await startRedis(port, ['--rename-command', 'CONFIG', '']);
    const storage = await open(`redis://127.0.0.1:${port}`, newPrefix());
    expect(said).toEqual([]);
    expect(storage.health?.()).toEqual({ state: 'ready' });
  });
});

describe('the URL', () => {
  it('shows no password in the description', async () => {
    const storage = await open('redis://user:secret@127.0.0.1:1/3', newPrefix());
    expect(storage.description).toBe('redis://127.0.0.1:1/3');
  });

  it.each(['mysql://host', 'not a url', 'redis://127.0.0.1?prefix=a:b'])(
    'says what was expected instead of %s',
    async (url) => {
      await expect(openBullmqStorage(url, tools())).rejects.toThrow(/^storage: expected/);
    },
  );
});

/** A way to a server that can be cut. */
class Line {
  private port = 0;
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();

  constructor(private readonly target: number) {}

  async reserve(): Promise<number> {
    this.port = await freePort();
    return this.port;
  }

  async up(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(this.target, '127.0.0.1');
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        socket
          .on('error', () => undefined)
          .on('close', () => [near, far].map((one) => one.destroy()));
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.server = server;
  }

  /** Whoever comes back at once finds it again. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  /** As when the machine behind it is gone: nothing comes through, and nobody is told. New connections do. */
  fallSilent(): void {
    for (const socket of this.sockets) socket.unpipe().removeAllListeners('data').pause();
  }

  async down(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    this.cut();
    await closed;
  }
}

function tools(settings: Partial<OutboxSettings> = {}, clock: Clock = systemClock) {
  const say = (message: string) => void said.push(message);
  return {
    clock,
    settings: { ...DURABLE_DEFAULTS, ...settings },
    vault: VAULT,
    activity: new ActivityStream(),
    logger: { warn: say, error: say },
  };
}

async function open(
  url: string,
  prefix: string,
  settings: Partial<OutboxSettings> = {},
  clock: Clock = systemClock,
): Promise<Storage> {
  const storage = await openBullmqStorage(`${url}?prefix=${prefix}`, tools(settings, clock));
  opened.push(storage);
  return storage;
}

function newPrefix(): string {
  const prefix = `t${randomBytes(6).toString('hex')}`;
  prefixes.push(prefix);
  return prefix;
}

function lane(overrides: { lingerMs?: number } = {}) {
  return { destination: 'meta', maxEntries: 100, concurrency: 4, lingerMs: 5, ...overrides };
}

function settleAll(batch: readonly unknown[]): Promise<NextStep[]> {
  return Promise.resolve(batch.map((): NextStep => ({ kind: 'settle' })));
}

function entry(key: string): OutboxEntry {
  return {
    key,
    destination: 'meta',
    eventId: `event-${key}`,
    eventName: 'purchase',
    occurredAtMs: 1_768_471_200_000,
    acceptedAtMs: 1_768_471_200_000,
    priority: 0,
    wire: { body: `{"event_id":"event-${key}"}`, envelope: '' },
  };
}

async function statsOf(storage: Storage) {
  return (await storage.outbox.stats()).find(({ destination }) => destination === 'meta');
}

/** As long as many commands take one after the other: more than any step of ours, however busy the machine. */
async function letServerWork(url: string): Promise<void> {
  const rounds = url === REDIS ? 12 : 30;
  for (let round = 0; round < rounds; round += 1) {
    if (url === REDIS) {
      pulseRedis ??= new Redis(REDIS);
      await pulseRedis.ping();
    } else {
      if (pulsePostgres === undefined) {
        pulsePostgres = new Client(POSTGRES);
        await pulsePostgres.connect();
      }
      await pulsePostgres.query('SELECT txid_current()');
    }
    await sleep(5);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < 25_000) {
    if (await isTrue()) return;
    await sleep(25);
  }
  throw new Error('it did not come to that');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startRedis(port: number, options: readonly string[] = []): Promise<ChildProcess> {
  const args = ['--port', String(port), '--save', '', '--appendonly', 'no', ...options];
  const server = spawn('redis-server', args, { stdio: 'ignore' });
  servers.push(server);
  const redis = new Redis(port, { lazyConnect: true, retryStrategy: () => 20 });
  redis.on('error', () => undefined);
  await until(async () => (await redis.ping().catch(() => '')) === 'PONG');
  redis.disconnect();
  return server;
}
