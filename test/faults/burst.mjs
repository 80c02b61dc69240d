import { createRequire } from 'node:module';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** So many events at once, straight into the outbox; tells the parent what that took. */
const { library, url, count } = JSON.parse(process.argv[2]);

const fromLibrary = createRequire(join(library, 'index.js'));
const { openSqliteStorage } = fromLibrary('./sqlite');
const { ActivityStream } = fromLibrary('./outbox/activity.js');
const { Vault } = fromLibrary('./records/vault.js');
const { DURABLE_DEFAULTS } = fromLibrary('./outbox/outbox-settings.js');

const PAD = 'x'.repeat(1_000);

const storage = await openSqliteStorage(url, {
  clock: { now: () => Date.now(), after: () => () => undefined },
  settings: DURABLE_DEFAULTS,
  vault: Vault.ephemeral(),
  activity: new ActivityStream(),
  logger: { warn: () => undefined, error: () => undefined },
});
await storage.outbox.append(Array.from({ length: 1_000 }, (_, at) => entry(`warm-${at}`)));

// What the host holds before the call is the host's; what comes on top of it is ours.
const entries = Array.from({ length: count }, (_, at) => entry(`burst-${at}`));
globalThis.gc?.();
await new Promise((resolve) => setTimeout(resolve, 200));
const before = process.memoryUsage();
let peakRss = before.rss;
const loopDelay = monitorEventLoopDelay({ resolution: 1 });
loopDelay.enable();
const sampler = setInterval(() => {
  peakRss = Math.max(peakRss, process.memoryUsage.rss());
}, 20);
const startedMs = performance.now();
const results = await storage.outbox.append(entries);
const durableMs = performance.now() - startedMs;
clearInterval(sampler);
loopDelay.disable();
const stored = results.filter(({ kind }) => kind === 'stored').length;
const [lane] = await storage.outbox.stats();
await storage.close();
process.send(
  {
    stored,
    pending: lane.pending,
    durableMs,
    growthBytes: peakRss - before.rss,
    stallMs: loopDelay.max / 1e6,
    stallP99Ms: loopDelay.percentile(99) / 1e6,
    entryBytes: JSON.stringify(entries[0]).length,
  },
  () => process.exit(),
);

function entry(id) {
  return {
    key: `key-${id}`,
    destination: 'meta',
    eventId: `purchase:${id}`,
    eventName: 'purchase',
    occurredAtMs: Date.now(),
    acceptedAtMs: Date.now(),
    priority: 0,
    wire: {
      body: JSON.stringify({
        event_id: id,
        event_name: 'Purchase',
        pad: PAD + id,
        more: { a: 1, b: 'two' },
        user_data: { em: ['a'.repeat(64)], ph: ['b'.repeat(64)] },
      }),
      envelope: '',
    },
  };
}
