import type { Clock } from '../clock';
import type { ActivityStream } from './activity';
import type { Outbox } from './outbox';
import type { OutboxSettings } from './outbox-settings';

/**
 * Where everything lives that outlives a call: one setting, one seam. `contexts` is typed by the room
 * that uses it.
 */
export interface Storage<ContextStore> {
  /** Shown in status and logs; never holds a password: `memory`. */
  readonly description: string;
  /** Whether what was accepted outlives this process. */
  readonly isDurable: boolean;
  readonly outbox: Outbox;
  readonly contexts: ContextStore;
  /** Whether it takes entries and keeps them; without it: it does. */
  health?(): StorageHealth;
  /** Releases files and connections, the outbox's too. Without it the outbox is closed. */
  close?(): Promise<void>;
}

export type StorageHealth =
  /** `alarm`: something that a person should see to, though it works. */
  | { readonly state: 'ready'; readonly alarm?: string }
  /** `isAway`: it cannot be reached, so what it says of itself is what was known last. */
  | { readonly state: 'degraded'; readonly reason: string; readonly isAway?: boolean };

/** What the maker of a storage is given. */
export interface StorageTools {
  readonly clock: Clock;
  readonly settings: OutboxSettings;
  /** Hears of entries that were dropped to make room. */
  readonly activity: ActivityStream;
  /** For alarms: a file that was set aside, a server that may forget. */
  readonly logger: { warn(message: string): void; error(message: string): void };
}
