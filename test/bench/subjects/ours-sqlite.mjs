import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startOn } from './ours.mjs';

/** The same with every event on the disk before the call resolves: `synchronous=FULL`, the default. */
export async function start(stubUrl, setUp, transport) {
  const folder = await mkdtemp(join(tmpdir(), 'tracking-bench-'));
  const subject = await startOn(`file:${join(folder, 'tracking.db')}`, stubUrl, setUp, transport);
  return {
    ...subject,
    async stop() {
      await subject.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
