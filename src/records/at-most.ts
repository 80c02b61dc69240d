import type { Clock } from '../clock';

/** Waits no longer than that for work, which goes on. Rejects only with what it rejects with in time. */
export async function atMost(clock: Clock, timeMs: number, work: Promise<unknown>): Promise<void> {
  let cancel: (() => void) | undefined;
  let isUp = false;
  const end = new Promise<void>((resolve) => {
    cancel = clock.after(timeMs, () => {
      isUp = true;
      resolve();
    });
  });
  const ended = work.then(
    () => undefined,
    (error: unknown) => {
      if (!isUp) throw error;
    },
  );
  await Promise.race([ended, end]).finally(() => cancel?.());
}
