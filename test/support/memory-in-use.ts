import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of all buffers that somebody still holds. What was let go is given back by and by, on another thread. */
export async function memoryInUse(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let least = Infinity;
  for (let turn = 0; turn < 10; turn += 1) {
    collect();
    await setTimeout(10);
    least = Math.min(least, process.memoryUsage().arrayBuffers);
  }
  return least;
}
