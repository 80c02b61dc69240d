import { setMaxListeners } from 'node:events';

import type { Clock } from '../clock';

/** Attempts that start within this time share a deadline; none ends early, and none later than by this. */
const GRAIN_MS = 20;

/**
 * Deadlines of attempts. A signal and a timer cost more than half of what a small request costs beside
 * its own bytes, so attempts that start together share them.
 */
export class Deadlines {
  private readonly live = new Set<AbortController>();
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
      this.live.add(controller);
      this.clock.after(this.timeoutMs + GRAIN_MS, () => {
        this.live.delete(controller);
        if (this.latest?.controller === controller) this.latest = undefined;
        controller.abort();
      });
    }
    return this.latest.controller.signal;
  }

  /** Ends every attempt now. */
  abortAll(): void {
    this.latest = undefined;
    for (const controller of this.live) controller.abort();
    this.live.clear();
  }
}
