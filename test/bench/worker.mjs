import { purchases } from './purchase.mjs';
import { profiled } from './profile.mjs';

/**
 * One subject in a process of its own: warm-up, then the measured events, then figures to the parent. So many come at
 * once, and the next ones when these have arrived. They are made as they come, because a host does not hold thousands of
 * orders for the collector to look through; what that takes by itself is measured too, and taken off.
 */
const [kind, setUp, stubUrl, ...numbers] = process.argv.slice(2, 8);
const [warmUp, count, atOnce] = numbers.map(Number);
const profileFile = process.argv[8];

// `ours+undici` is `ours` with another transport.
const [file, transport] = kind.split('+');
const { start } = await import(`./subjects/${file}.mjs`);
const subject = await start(stubUrl, setUp, transport);
let made = 0;
await inPortions(warmUp, (orders) => subject.deliver(orders));
const whole = await profiled(profileFile, () =>
  taken(() => inPortions(count, (orders) => subject.deliver(orders))),
);
const making = await taken(() => inPortions(count, () => undefined));
await subject.stop();
const figures = {
  cpuMicros: (whole.cpuMicros - making.cpuMicros) / count,
  eventsPerSecond: (count / (whole.elapsedMs - making.elapsedMs)) * 1_000,
};
process.send(figures, () => process.exit());

async function inPortions(events, deliver) {
  for (let left = events; left > 0; left -= atOnce) {
    const orders = purchases(made, Math.min(left, atOnce));
    made += orders.length;
    await deliver(orders);
  }
}

async function taken(work) {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpuMicros: user + system, elapsedMs: performance.now() - startedAt };
}
