import type { Clock } from '../clock';

const MAX_CHARACTERS = 16 * 1024 * 1024;
/** Whoever has not taken a group by then will not: another process did. */
const KEPT_MS = 10_000;
/** The end of what is sealed, which no two groups share. */
const TAIL_CHARACTERS = 48;

interface Kept<Group> {
  readonly data: string;
  readonly group: Group;
  readonly untilMs: number;
}

/**
 * Groups that this process wrote a moment ago. Nearly always it takes them itself, and need not open again what it
 * has just sealed. Only the very same text is recognised: what was changed on the server meanwhile is read anew.
 */
export class RecentGroups<Group> {
  private readonly kept = new Map<string, Kept<Group>>();
  private characters = 0;

  constructor(private readonly clock: Clock) {}

  /** Where there is no room the newcomer is not kept: the others will be asked for first. */
  put(data: string, group: Group): void {
    const nowMs = this.clock.now();
    for (const one of this.kept.values()) {
      if (one.untilMs > nowMs) break;
      this.remove(one.data);
    }
    if (this.characters + data.length > MAX_CHARACTERS) return;
    this.remove(data);
    this.kept.set(tailOf(data), { data, group, untilMs: nowMs + KEPT_MS });
    this.characters += data.length;
  }

  /** @returns what was put with this text, once. */
  take(data: string): Group | undefined {
    const found = this.kept.get(tailOf(data));
    if (found?.data !== data) return undefined;
    this.remove(data);
    return found.group;
  }

  private remove(data: string): void {
    const tail = tailOf(data);
    const found = this.kept.get(tail);
    if (found === undefined) return;
    this.kept.delete(tail);
    this.characters -= found.data.length;
  }
}

function tailOf(data: string): string {
  return data.slice(-TAIL_CHARACTERS);
}
