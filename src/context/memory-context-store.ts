import type { Clock } from '../clock';
import type { RequestContext } from '../events/request-context';
import type { ContextStore } from './context-store';

const MAX_CONTEXTS = 50_000;

/** Contexts in this process' memory; at the bound the oldest goes. */
export class MemoryContextStore implements ContextStore {
  private readonly kept = new Map<string, { context: RequestContext; expiresAtMs: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly maxContexts = MAX_CONTEXTS,
  ) {}

  save(ref: string, context: RequestContext, ttlMs: number): Promise<void> {
    this.kept.delete(ref);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size < this.maxContexts) break;
      this.kept.delete(oldest);
    }
    this.kept.set(ref, { context, expiresAtMs: this.clock.now() + ttlMs });
    return Promise.resolve();
  }

  load(ref: string): Promise<RequestContext | undefined> {
    const found = this.kept.get(ref);
    if (found === undefined) return Promise.resolve(undefined);
    if (found.expiresAtMs > this.clock.now()) return Promise.resolve(found.context);
    this.kept.delete(ref);
    return Promise.resolve(undefined);
  }
}
