import { openBullmqStorage } from './bullmq/bullmq-storage';
import type { ContextStore } from './context/context-store';
import { MemoryContextStore } from './context/memory-context-store';
import { MemoryOutbox } from './outbox/memory-outbox';
import { DURABLE_DEFAULTS, type OutboxSettings } from './outbox/outbox-settings';
import type { Storage, StorageTools } from './outbox/storage';
import { openSqliteStorage } from './sqlite/sqlite-storage';

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
): Promise<Storage<ContextStore>> {
  const durable = { ...tools, settings: { ...DURABLE_DEFAULTS, ...settings } };
  if (url.startsWith('file:')) return openSqliteStorage(url, durable);
  if (url !== 'memory:') return openBullmqStorage(url, durable);
  return {
    description: 'memory',
    isDurable: false,
    outbox: new MemoryOutbox(tools.clock, settings, tools.activity),
    contexts: new MemoryContextStore(tools.clock),
  };
}
