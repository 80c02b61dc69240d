import { statSync, type BigIntStats } from 'node:fs';

import type { Clock } from '../clock';

const ASK_EVERY_MS = 5_000;

export const FILE_GONE =
  'the file was deleted or replaced while it was open: what is accepted is lost when this process ends; let it deliver what waits, then restart it';

/**
 * Whether the file that was opened still stands under its name. SQLite goes on writing to one that was deleted and
 * says nothing. Asks the disk at most every 5 s, and believes that a file that was gone stays gone.
 */
export class FilePresence {
  private readonly opened: BigIntStats | undefined;
  private askedAtMs: number;
  private gone = false;

  constructor(
    private readonly path: string,
    private readonly clock: Pick<Clock, 'now'>,
  ) {
    this.opened = lookAt(path).stats;
    this.askedAtMs = clock.now();
  }

  isGone(): boolean {
    const nowMs = this.clock.now();
    if (this.gone || Math.abs(nowMs - this.askedAtMs) < ASK_EVERY_MS) return this.gone;
    this.askedAtMs = nowMs;
    const { stats, isMissing } = lookAt(this.path);
    this.gone = isMissing || (stats !== undefined && !this.isSame(stats));
    return this.gone;
  }

  private isSame({ dev, ino }: BigIntStats): boolean {
    return this.opened === undefined || (this.opened.dev === dev && this.opened.ino === ino);
  }
}

/** A disk that does not answer says nothing of the file. */
function lookAt(path: string): { stats?: BigIntStats; isMissing: boolean } {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? { isMissing: true } : { stats, isMissing: false };
  } catch {
    return { isMissing: false };
  }
}
