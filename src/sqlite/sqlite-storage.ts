import { relative } from 'node:path';

import type { Storage, StorageHealth, StorageTools } from '../outbox/storage';
import { FILE_GONE, FilePresence } from './file-presence';
import { closeQuietly, openDatabase } from './sqlite-database';
import { readSqliteLocation } from './sqlite-location';
import { SqliteOutbox } from './sqlite-outbox';
import { SqliteRecordStore } from './sqlite-record-store';

/**
 * Opens the storage in a SQLite file, by the package `libsql`.
 *
 * @param url `file:./data/tracking.db`, with `?synchronous=normal` and `?maxBytes=…` where wanted.
 * @throws Error that says what to do, where the file cannot be used.
 */
export async function openSqliteStorage(url: string, tools: StorageTools): Promise<Storage> {
  const location = readSqliteLocation(url);
  if (typeof location === 'string') throw new Error(`storage ${url}: ${location}`);
  const { database, alarm } = await openDatabase(location, tools);
  const file = new FilePresence(location.path, tools.clock);
  const outbox = new SqliteOutbox(database, tools);
  const records = new SqliteRecordStore(database, outbox, tools.clock);
  const mode = location.synchronous === 'FULL' ? '' : ', synchronous=normal';
  return {
    description: `file:${relative('', location.path) || location.path}${mode}`,
    isDurable: true,
    outbox,
    records,
    health: (): StorageHealth => {
      const reason = file.isGone() ? FILE_GONE : outbox.failing;
      if (reason !== undefined) return { state: 'degraded', reason };
      return alarm === undefined ? { state: 'ready' } : { state: 'ready', alarm };
    },
    close: async () => {
      await outbox.close();
      closeQuietly(database);
    },
  };
}
