import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { startRedis } from './redis.mjs';

/**
 * One storage by itself, without platforms: what it takes to make entries durable at once, and what one entry
 * costs when many others wait. Entries are of the size of a real one.
 */
const [kind, task, amount] = process.argv.slice(2);
const fromRoot = createRequire(new URL('../../package.json', import.meta.url));
const dist = (file) => fromRoot(`./dist/${file}.js`);
const { systemClock } = dist('clock');
const { ActivityStream } = dist('outbox/activity');
const { Vault } = dist('records/vault');
const { DURABLE_DEFAULTS, OUTBOX_DEFAULTS } = dist('outbox/outbox-settings');

const PERSON = 'u0123456789abcdefghij_';
const OTHER = 'u9876543210abcdefghij-';
const BODY = JSON.stringify({ filling: 'x'.repeat(1_450) });
const { outbox, stop } = await open(kind);
const TASKS = {
  burst: () => burst(Number(amount)),
  backlog: () => onBacklog(Number(amount), 5_000),
  flow: () => flow(Number(amount)),
  'erase-all': () => erase(Number(amount), 1),
  'erase-few': () => erase(Number(amount), 1_000),
};
const figures = await TASKS[task]();
await stop();
process.send(figures, () => process.exit());

/** All calls in one go, as a queue of them after a stall would be. */
async function burst(count) {
  const entries = Array.from({ length: count }, (_unused, index) =>
    entry('meta', `burst-${index}`),
  );
  await outbox.append([entry('meta', 'warm-up')]);
  globalThis.gc();
  const memoryBefore = process.memoryUsage().rss;
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const results = await Promise.all(chunks(entries, 20).map((chunk) => outbox.append(chunk)));
  const elapsedMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  delay.disable();
  const stored = results.flat().filter((result) => result.kind === 'stored').length;
  return {
    isVoid: stored !== count,
    elapsedMs,
    perSecond: (count / elapsedMs) * 1_000,
    cpuMicros: (user + system) / count,
    longestStallMs: delay.max / 1e6,
    memoryMegabytes: (process.memoryUsage().rss - memoryBefore) / 2 ** 20,
  };
}

/** So many events for three destinations, from append to their end, as they come from a busy server: nothing else is measured. */
async function flow(count) {
  const lanes = [
    { destination: 'meta', maxEntries: 200, concurrency: 4, lingerMs: 5 },
    { destination: 'tiktok', maxEntries: 200, concurrency: 4, lingerMs: 5 },
    { destination: 'ga4', maxEntries: 25, concurrency: 16, lingerMs: 5 },
  ];
  let ended = 0;
  for (const lane of lanes)
    outbox.consume(lane, async (entries) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      ended += entries.length;
      return entries.map(() => ({ kind: 'settle' }));
    });
  let next = 0;
  const deliver = async (events) => {
    const goal = ended + events * lanes.length;
    for (let at = 0; at < events; at += 200) {
      const wave = Array.from({ length: 200 }, () => {
        const eventId = `order-${(next += 1)}`;
        return outbox.append(lanes.map(({ destination }) => entry(destination, eventId)));
      });
      await Promise.all(wave);
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (ended < goal) await new Promise((resolve) => setTimeout(resolve, 2));
    await outbox.flush(5_000);
  };
  await deliver(2 * count);
  const cpuBefore = process.cpuUsage();
  await deliver(count);
  const { user, system } = process.cpuUsage(cpuBefore);
  return { isVoid: ended !== 3 * count * lanes.length, cpuMicros: (user + system) / count };
}

/** So many entries wait, and every so-manieth is the person's who is to be forgotten. */
async function erase(count, oneIn) {
  for (let at = 0; at < count; at += 10_000) {
    const size = Math.min(10_000, count - at);
    await outbox.append(
      Array.from({ length: size }, (_unused, index) => ({
        ...entry('meta', `erase-${at + index}`),
        subjects: [(at + index) % oneIn === 0 ? PERSON : OTHER],
      })),
    );
  }
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const startedAt = performance.now();
  const { pending } = await outbox.erase([PERSON]);
  const elapsedMs = performance.now() - startedAt;
  delay.disable();
  const left = (await outbox.stats()).reduce((sum, lane) => sum + lane.pending, 0);
  const expected = Math.ceil(count / oneIn);
  return {
    isVoid: pending !== expected || left !== count - expected,
    erased: pending,
    elapsedMs,
    longestStallMs: delay.max / 1e6,
  };
}

/** So many entries wait; what do the next ones cost, from append to settle? */
async function onBacklog(backlog, count) {
  const day = 86_400_000;
  globalThis.gc();
  const memoryBefore = process.memoryUsage().rss;
  for (let at = 0; at < backlog; at += 10_000) {
    const size = Math.min(10_000, backlog - at);
    await outbox.append(
      Array.from({ length: size }, (_unused, index) => entry('meta', `old-${at + index}`, 2)),
    );
  }
  globalThis.gc();
  const memoryBytes = process.memoryUsage().rss - memoryBefore;
  let settled = 0;
  const fresh = new Set();
  outbox.consume(
    { destination: 'meta', maxEntries: 500, concurrency: 4, lingerMs: 5 },
    async (entries) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      settled += entries.filter(({ eventId }) => fresh.has(eventId)).length;
      // What is old waits for another day, as in a long outage.
      return entries.map(({ eventId }) =>
        fresh.has(eventId) ? { kind: 'settle' } : { kind: 'retry', delayMs: day, reason: 'later' },
      );
    },
  );
  // The first of the old ones have been handed over and put off.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  for (let at = 0; at < count; at += 100) {
    const wave = Array.from({ length: 100 }, (_unused, index) =>
      entry('meta', `new-${at + index}`),
    );
    for (const { eventId } of wave) fresh.add(eventId);
    await Promise.all(wave.map((one) => outbox.append([one])));
  }
  while (settled < count) await new Promise((resolve) => setTimeout(resolve, 2));
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    isVoid: false,
    elapsedMs: performance.now() - startedAt,
    cpuMicros: (user + system) / count,
    memoryBytesPerEntry: backlog === 0 ? 0 : memoryBytes / backlog,
  };
}

async function open(name) {
  const tools = {
    clock: systemClock,
    vault: Vault.ephemeral(),
    activity: new ActivityStream(),
    logger: { warn: () => undefined, error: console.error },
  };
  const settings = { ...DURABLE_DEFAULTS, maxPendingEntries: 5_000_000, maxPendingBytes: 2 ** 40 };
  switch (name) {
    case 'memory': {
      const { MemoryOutbox } = dist('outbox/memory-outbox');
      const limits = { ...OUTBOX_DEFAULTS, maxPendingEntries: 5_000_000, maxPendingBytes: 2 ** 40 };
      const memory = new MemoryOutbox(systemClock, limits);
      return { outbox: memory, stop: () => memory.close() };
    }
    case 'sqlite': {
      const folder = await mkdtemp(join(tmpdir(), 'tracking-bench-'));
      const { openSqliteStorage } = dist('sqlite/sqlite-storage');
      const storage = await openSqliteStorage(`file:${join(folder, 'tracking.db')}`, {
        ...tools,
        settings,
      });
      return {
        outbox: storage.outbox,
        stop: async () => {
          await storage.close();
          await rm(folder, { recursive: true, force: true });
        },
      };
    }
    case 'redis': {
      const redis = await startRedis();
      const { openBullmqStorage } = dist('bullmq/bullmq-storage');
      const storage = await openBullmqStorage(redis.url, { ...tools, settings });
      return {
        outbox: storage.outbox,
        stop: async () => {
          await storage.close();
          await redis.stop();
        },
      };
    }
    default:
      throw new Error(`unknown storage ${name}`);
  }
}

function entry(destination, eventId, priority = 0) {
  const now = Date.now();
  return {
    key: `${destination}|purchase|${eventId}`,
    destination,
    eventId,
    eventName: 'purchase',
    occurredAtMs: now,
    acceptedAtMs: now,
    priority,
    wire: { body: BODY, envelope: '' },
  };
}

function chunks(list, size) {
  const parts = [];
  for (let at = 0; at < list.length; at += size) parts.push(list.slice(at, at + size));
  return parts;
}
