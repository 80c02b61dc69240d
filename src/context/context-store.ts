import type { RequestContext } from '../events/request-context';

/** Keeps contexts from checkout to webhook. A member of the same storage as the outbox. */
export interface ContextStore {
  /** Replaces what stands under `ref`; gone after `ttlMs`. */
  save(ref: string, context: RequestContext, ttlMs: number): Promise<void>;
  load(ref: string): Promise<RequestContext | undefined>;
}
