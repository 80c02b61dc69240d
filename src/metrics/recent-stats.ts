import { systemClock, type Clock } from '../clock';
import type { LaneStats } from '../outbox/outbox';

/** A scrape has a deadline of its own, and a storage that is slow must not use it up. */
const MAX_WAIT_MS = 1_000;

/** The storage's figures, asked for once however many ask at the same time. */
export class RecentStats<Stats extends LaneStats = LaneStats> {
  private last: readonly Stats[] | undefined;
  private asking: Promise<void> | undefined;

  constructor(
    private readonly ask: () => Promise<readonly Stats[]>,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Never rejects, and takes 1 s at the most.
   *
   * @returns what was known last where the storage takes longer or fails; `undefined` where nothing was.
   */
  async read(): Promise<readonly Stats[] | undefined> {
    this.asking ??= this.refresh();
    let cancel = (): void => undefined;
    const timeout = new Promise<void>((resolve) => {
      cancel = this.clock.after(MAX_WAIT_MS, resolve);
    });
    await Promise.race([this.asking, timeout]);
    cancel();
    return this.last;
  }

  private async refresh(): Promise<void> {
    try {
      this.last = await this.ask();
    } catch {
      // The storage's own health says so; a scrape is answered with what was known last.
    } finally {
      this.asking = undefined;
    }
  }
}
