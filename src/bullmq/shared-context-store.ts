import type { ContextStore } from '../context/context-store';
import type { RequestContext } from '../events/request-context';
import type { GroupStore } from './group-store';
import { within } from './waiting';

const TIMEOUT_MS = 2_000;

/** Contexts on the outbox's server, for every process. Rejects when the server is away. */
export class SharedContextStore implements ContextStore {
  constructor(private readonly store: Pick<GroupStore, 'saveContext' | 'loadContext'>) {}

  save(ref: string, context: RequestContext, ttlMs: number): Promise<void> {
    return within(TIMEOUT_MS, this.store.saveContext(ref, JSON.stringify(context), ttlMs));
  }

  async load(ref: string): Promise<RequestContext | undefined> {
    const json = await within(TIMEOUT_MS, this.store.loadContext(ref));
    return json === undefined ? undefined : (JSON.parse(json) as RequestContext);
  }
}
