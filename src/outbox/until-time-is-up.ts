import { timerMs } from '../clock';

/**
 * Waits for the work, but no longer than the time. The timer keeps the process alive on purpose: somebody
 * waits.
 *
 * @param work is asked to end when `isOver` says so; what it does afterwards nobody hears.
 */
export async function untilTimeIsUp(
  timeoutMs: number,
  work: (isOver: () => boolean) => Promise<unknown>,
): Promise<void> {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timerMs(timeoutMs));
  });
  try {
    await Promise.race([work(() => isOver), timeout]);
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}
