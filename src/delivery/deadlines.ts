import { setMaxListeners } from 'node:events';

import type { Clock } from '../clock';

/** Attempts that start within this time share a deadline; none ends early, and none later than by this. */
const GRAIN_MS = 20;

/**
 * Deadlines of attempts. A signal and a timer cost more than half of what a small request costs beside
 * its own bytes, so attempts that start together share them.
 */
export class Deadlines {
  /** Takes the timer of each signal that is still running away. */
  private readonly live = new Map<AbortController, () => void>();
  private latest:
    { readonly controller: AbortController; readonly startedAtMs: number } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  /** A signal that aborts when the time of an attempt that starts now is up. */
  start(): AbortSignal {
    const nowMs = this.clock.now();
    // A clock that was set back must not keep an old deadline alive.
    if (this.latest === undefined || Math.abs(nowMs - this.latest.startedAtMs) > GRAIN_MS) {
      const controller = new AbortController();
      // As many attempts as start together listen to it, and each takes its listener away again.
      setMaxListeners(0, controller.signal);
      this.latest = { controller, startedAtMs: nowMs };
      const cancel = this.clock.after(this.timeoutMs + GRAIN_MS, () => {
        this.live.delete(controller);
        if (this.latest?.controller === controller) this.latest = undefined;
        controller.abort(new DOMException('the deadline of a request is over', 'TimeoutError'));
      });
      this.live.set(controller, cancel);
    }
    return this.latest.controller.signal;
  }

  /** Ends every attempt now. */
  abortAll(): void {
    this.latest = undefined;
    for (const [controller, cancel] of this.live) {
      cancel();
      controller.abort();
    }
    this.live.clear();
  }
}
