import { setTimeout as pause } from 'node:timers/promises';

const TRIES = 50;
const PAUSE_MS = 20;

/**
 * Tries again for about a second while somebody else writes. It waits beside the host's thread, and not on it.
 *
 * @throws what the last try threw.
 */
export async function withPatience<Result>(
  work: () => Result,
  isBusy: (error: unknown) => boolean,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return work();
    } catch (error) {
      if (tries >= TRIES || !isBusy(error)) throw error;
    }
    await pause(PAUSE_MS);
  }
}
