import { timerMs } from '../clock';
import type { Outbox, Settlement } from './outbox';

export interface AwaitedSettlement {
  readonly outcome: Promise<Settlement>;
  /** Nobody waits any more; `outcome` never comes. */
  readonly cancel: () => void;
}

/** Waits for the end of one entry, or for the time to be up. The timer keeps the process alive on purpose. */
export function awaitSettlement(
  outbox: Pick<Outbox, 'onSettled'>,
  key: string,
  timeoutMs: number,
): AwaitedSettlement {
  let cancel = (): void => undefined;
  const outcome = new Promise<Settlement>((resolve) => {
    const timer = setTimeout(() => {
      unsubscribe();
      const reason = `not settled within ${timeoutMs} ms; it is still being tried`;
      resolve({ kind: 'pending', reason });
    }, timerMs(timeoutMs));
    const unsubscribe = outbox.onSettled(key, (settlement) => {
      clearTimeout(timer);
      resolve(settlement);
    });
    cancel = () => {
      clearTimeout(timer);
      unsubscribe();
    };
  });
  return { outcome, cancel };
}
