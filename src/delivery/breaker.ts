import type { Clock } from '../clock';

/** One failure is the network's daily life; so many in a row are an outage. */
const FAILURES_THAT_OPEN = 5;
const FIRST_SLOT_MS = 1_000;
/** Short enough that a platform that is back is noticed within ten seconds. */
const MAX_SLOT_MS = 8_000;

/**
 * Stops asking a platform that is down. After several failures in a row it is open for a slot of time;
 * then one attempt tells whether the slot doubles or everything goes on.
 *
 * @see https://martinfowler.com/bliki/CircuitBreaker.html
 */
export class Breaker {
  private failures = 0;
  private slots = 0;
  private openUntilMs = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  succeeded(): void {
    this.failures = 0;
    this.slots = 0;
    this.openUntilMs = -Infinity;
  }

  failed(): void {
    this.failures += 1;
    const nowMs = this.clock.now();
    // Attempts that were under way together fail together: that is one outage, and one slot.
    if (this.failures < FAILURES_THAT_OPEN || nowMs < this.openUntilMs) return;
    const slotMs = Math.min(FIRST_SLOT_MS * 2 ** this.slots, MAX_SLOT_MS);
    this.slots = Math.min(this.slots + 1, 10);
    this.openUntilMs = nowMs + Math.round(slotMs * (0.75 + this.random() / 4));
  }

  /** How long nothing should be sent; 0 when it is closed. */
  get openForMs(): number {
    return Math.max(this.openUntilMs - this.clock.now(), 0);
  }
}
