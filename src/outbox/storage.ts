import type { Outbox } from './outbox';

/**
 * Where everything lives that outlives a call: one setting, one seam. `contexts` is typed by the room
 * that uses it.
 */
export interface Storage<ContextStore> {
  /** Shown in status and logs; never holds a password: `memory`. */
  readonly description: string;
  readonly outbox: Outbox;
  readonly contexts: ContextStore;
}
