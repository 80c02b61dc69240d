import { purchases } from './purchase.mjs';
import { profiled } from './profile.mjs';

/** One subject in a process of its own: warm-up, then the measured events, then figures to the parent. */
const [kind, setUp, stubUrl, warmUp, count, profileFile] = process.argv.slice(2);

// `ours+undici` is `ours` with another transport.
const [file, transport] = kind.split('+');
const { start } = await import(`./subjects/${file}.mjs`);
const subject = await start(stubUrl, setUp, transport);
await subject.deliver(purchases(0, Number(warmUp)));

const orders = purchases(Number(warmUp), Number(count));
const figures = await profiled(profileFile, async () => {
  const cpuBefore = process.cpuUsage();
  const startedAt = process.hrtime.bigint();
  await subject.deliver(orders);
  const elapsedMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    cpuMicros: (user + system) / orders.length,
    eventsPerSecond: (orders.length / elapsedMs) * 1_000,
  };
});
await subject.stop();
process.send(figures, () => process.exit());
