import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Runs one of the worker files and resolves with the figures that it sends. */
export async function figuresOf(file, args) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args.map(String), {
    execArgv: ['--expose-gc'],
  });
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ${args.join(' ')} ended with ${code} and without figures`);
  });
  const [figures] = await Promise.race([once(child, 'message'), exited]);
  await exited.catch(() => undefined);
  return figures;
}

/** Starts the stub; `report` says what arrived since the last time. */
export async function startStub() {
  const child = fork(fileURLToPath(new URL('stub.mjs', import.meta.url)));
  const [{ url }] = await once(child, 'message');
  return {
    url,
    async report() {
      child.send('report');
      const [report] = await once(child, 'message');
      return report;
    },
    stop: () => child.disconnect(),
  };
}
