import { randomUUID } from 'node:crypto';

import type { Clock } from '../clock';
import type { RecordStore } from './record-store';

const COLLECTION = 'turns';
/** Who has not ended by then is gone; longer than a few calls to a storage can take. */
const TURN_MS = 15_000;
const PAUSE_MS = 10;

/** Work that reads and then writes the same records, one after the other over all processes of a storage. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** @param name of what is taken in turns. */
  constructor(
    private readonly records: RecordStore,
    private readonly name: string,
    private readonly clock: Clock,
  ) {}

  /** Rejects where the storage is out of reach, or with what `work` rejects. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.last.then(() => this.take(work));
    this.last = result.catch(() => undefined);
    return result;
  }

  private async take<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = randomUUID();
    while ((await this.holder(mine)) !== mine)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    try {
      return await work();
    } finally {
      // Where that fails the turn ends with its time.
      await this.end(mine).catch(() => undefined);
    }
  }

  private holder(mine: string): Promise<string> {
    return this.records.putIfAbsent({
      collection: COLLECTION,
      key: this.name,
      value: mine,
      subjects: [],
      expiresAtMs: this.clock.now() + TURN_MS,
    });
  }

  private async end(mine: string): Promise<void> {
    const [holder] = await this.records.get(COLLECTION, [this.name]);
    if (holder === mine) await this.records.remove(COLLECTION, [this.name]);
  }
}
