import { purchases } from './purchase.mjs';
import { profiled } from './profile.mjs';

/**
 * One subject in a process of its own: warm-up, then the measured events, then figures to the parent. So many come at
 * once, and the next ones when these have arrived. They are made before that, and unmeasured: a host does not hold
 * thousands of orders for the collector to look through.
 */
const [kind, setUp, stubUrl, warmUp, count, atOnce, profileFile] = process.argv.slice(2);

// `ours+undici` is `ours` with another transport.
const [file, transport] = kind.split('+');
const { start } = await import(`./subjects/${file}.mjs`);
const subject = await start(stubUrl, setUp, transport);
let made = 0;
await deliver(Number(warmUp));
const figures = await profiled(profileFile, () => deliver(Number(count)));
await subject.stop();
process.send(figures, () => process.exit());

async function deliver(events) {
  let cpuMicros = 0;
  let elapsedMs = 0;
  for (let left = events; left > 0; left -= Number(atOnce)) {
    const orders = purchases(made, Math.min(left, Number(atOnce)));
    made += orders.length;
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    await subject.deliver(orders);
    elapsedMs += performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuMicros += user + system;
  }
  return { cpuMicros: cpuMicros / events, eventsPerSecond: (events / elapsedMs) * 1_000 };
}
