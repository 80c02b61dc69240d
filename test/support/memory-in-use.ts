import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What was let go is given back by and by, on another thread, and late where all cores are busy. */
const PATIENCE_MS = 10_000;
const MIN_TURNS = 10;

/**
 * Bytes of all buffers that somebody still holds.
 *
 * @param enough waits until it is less than this, or patience ends.
 */
export async function memoryInUse(enough = Infinity): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const endsAtMs = performance.now() + PATIENCE_MS;
  let least = Infinity;
  for (let turn = 0; turn < MIN_TURNS || least >= enough; turn += 1) {
    if (performance.now() > endsAtMs) break;
    collect();
    await setTimeout(10);
    least = Math.min(least, process.memoryUsage().arrayBuffers);
  }
  return least;
}
