import type { Clock } from '../clock';
import type { RecordStore } from '../records/record-store';
import type { Vault } from '../records/vault';
import type { ActivityStream } from './activity';
import type { Outbox } from './outbox';
import type { OutboxSettings } from './outbox-settings';

/** Where everything lives that outlives a call: one setting, one seam. */
export interface Storage {
  /** Shown in status and logs; never holds a password: `memory`. */
  readonly description: string;
  /** Whether what was accepted outlives this process. */
  readonly isDurable: boolean;
  readonly outbox: Outbox;
  /** What is no event and has to be kept: contexts, withdrawals, links. */
  readonly records: RecordStore;
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
  /** Seals what may tell of a person before it is written. */
  readonly vault: Vault;
  /** Hears of entries that were dropped to make room. */
  readonly activity: ActivityStream;
  /** For alarms: a file that was set aside, a server that may forget. */
  readonly logger: { warn(message: string): void; error(message: string): void };
}
