import type * as Bullmq from './bullmq/bullmq-storage';
import { MemoryOutbox } from './outbox/memory-outbox';
import { DURABLE_DEFAULTS, type OutboxSettings } from './outbox/outbox-settings';
import type { Storage, StorageTools } from './outbox/storage';
import { MemoryRecordStore } from './records/memory-record-store';
import type * as Sqlite from './sqlite/sqlite-storage';

/**
 * Opens the storage that a URL names. Its packages are loaded here and now.
 *
 * @param settings what is left out has the member's default.
 * @throws Error that says what to install or to change; holds no password.
 */
export async function openStorage(
  url: string,
  settings: Partial<OutboxSettings>,
  tools: Omit<StorageTools, 'settings'>,
): Promise<Storage> {
  const durable = { ...tools, settings: { ...DURABLE_DEFAULTS, ...settings } };
  // Loaded when it is used: a process has one storage, and pays for one.
  /* eslint-disable @typescript-eslint/no-require-imports */
  if (url.startsWith('file:')) {
    const member = require('./sqlite/sqlite-storage') as typeof Sqlite;
    return member.openSqliteStorage(url, durable);
  }
  if (url !== 'memory:') {
    const member = require('./bullmq/bullmq-storage') as typeof Bullmq;
    return member.openBullmqStorage(url, durable);
  }
  /* eslint-enable @typescript-eslint/no-require-imports */
  return {
    description: 'memory',
    isDurable: false,
    outbox: new MemoryOutbox(tools.clock, settings, tools.activity),
    records: new MemoryRecordStore(tools.clock),
  };
}
