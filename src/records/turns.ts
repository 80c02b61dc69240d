import { randomUUID } from 'node:crypto';

import type { Clock } from '../clock';
import type { RecordStore, StoredRecord } from './record-store';

const COLLECTION = 'turns';
/** Who has not ended by then is gone; longer than a few calls to a storage can take. */
const TURN_MS = 15_000;
/** So far apart the clocks of two processes may be. */
const CLOCK_SKEW_MS = 60_000;
const PAUSE_MS = 10;
/** By then it is known who of several came last. */
const TAKEOVER_PAUSE_MS = 200;

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

  /** Resolves when nothing of this process has a turn or waits for one: a turn that is cut off holds up all others. */
  async settled(): Promise<void> {
    let last: Promise<unknown> | undefined;
    while (last !== this.last) {
      last = this.last;
      await last;
    }
  }

  private async take<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = randomUUID();
    await this.waitFor(mine);
    try {
      return await work();
    } finally {
      // Where that fails the turn ends with its time.
      await this.end(mine).catch(() => undefined);
    }
  }

  private async waitFor(mine: string): Promise<void> {
    let holder = await this.holder(mine);
    let sinceMs = performance.now();
    while (holder !== mine) {
      // By our own clock: that of the other one may be wrong.
      const isGone = performance.now() - sinceMs > TURN_MS;
      // Others may do the same; whoever stands there afterwards has it.
      if (isGone) await this.records.put([this.turnOf(mine)]);
      await new Promise((resolve) => setTimeout(resolve, isGone ? TAKEOVER_PAUSE_MS : PAUSE_MS));
      const before = holder;
      holder = await this.holder(mine);
      if (holder !== before) sinceMs = performance.now();
    }
  }

  private holder(mine: string): Promise<string> {
    return this.records.putIfAbsent(this.turnOf(mine));
  }

  private turnOf(mine: string): StoredRecord {
    return {
      collection: COLLECTION,
      key: this.name,
      value: mine,
      subjects: [],
      expiresAtMs: this.clock.now() + TURN_MS + CLOCK_SKEW_MS,
    };
  }

  private async end(mine: string): Promise<void> {
    const [holder] = await this.records.get(COLLECTION, [this.name]);
    if (holder === mine) await this.records.remove(COLLECTION, [this.name]);
  }
}
