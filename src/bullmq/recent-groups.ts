import type { Clock } from '../clock';

const MAX_BYTES = 16 * 1024 * 1024;
/** Whoever has not taken a group by then will not: another process did. */
const KEPT_MS = 10_000;

interface Kept<Group> {
  readonly data: string;
  readonly bytes: number;
  readonly group: Group;
  readonly untilMs: number;
}

/**
 * Groups that this process wrote a moment ago, by the IDs of their jobs. Nearly always it takes them itself, and need
 * neither fetch nor open what it has just sealed. What was changed on the server meanwhile is read anew.
 */
export class RecentGroups<Group> {
  private readonly kept = new Map<string, Kept<Group>>();
  private bytes = 0;

  constructor(private readonly clock: Clock) {}

  /** Where there is no room the newcomer is not kept: the others will be asked for first. */
  put(id: string, data: string, bytes: number, group: Group): void {
    const nowMs = this.clock.now();
    for (const [old, { untilMs }] of this.kept) {
      if (untilMs > nowMs) break;
      this.remove(old);
    }
    if (this.bytes + bytes > MAX_BYTES) return;
    this.remove(id);
    this.kept.set(id, { data, bytes, group, untilMs: nowMs + KEPT_MS });
    this.bytes += bytes;
  }

  /** @returns what was put for this job with this very data, once. */
  take(id: string, data: string): Group | undefined {
    const found = this.kept.get(id);
    this.remove(id);
    return found?.data === data ? found.group : undefined;
  }

  remove(id: string): void {
    const found = this.kept.get(id);
    if (found === undefined) return;
    this.kept.delete(id);
    this.bytes -= found.bytes;
  }
}
