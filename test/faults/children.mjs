import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Every process that this run has started and that still lives. No other is ever signalled. */
const living = new Set();

/** Starts one of the files beside this one; resolves with the child and the first message that it sends. */
export async function start(file, settings) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(settings)], {
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  keep(child);
  const output = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => output.push(String(chunk)));
  const said = () => output.join('').slice(-2_000);
  const hello = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(new Error(`${file} ended before it was ready (${code ?? signal}): ${said()}`));
    });
  });
  return { child, hello, said };
}

/** Sees to it that the child ends with this run. */
export function keep(child) {
  living.add(child);
  child.once('exit', () => living.delete(child));
  return child;
}

/** Resolves with how the child ended. */
export function exitOf(child) {
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

export function endAll() {
  // SIGKILL ends a frozen process too.
  for (const child of living) child.kill('SIGKILL');
}

process.on('exit', endAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    endAll();
    process.exit(130);
  });
