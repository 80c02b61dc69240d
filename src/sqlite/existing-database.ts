import { existsSync, statSync } from 'node:fs';

import { isSound } from './integrity';
import { loadLibsql, type Database } from './libsql';
import { APPLICATION_ID, SCHEMA_VERSION } from './schema';
import { isDamage, sayWhy } from './sqlite-error';

const BUSY_TIMEOUT_MS = 5_000;

/**
 * Why a file is not to be opened by who comes to look, if it is not: opening makes what is missing and sets
 * aside what is damaged, which is for the application alone to do. Never throws, and changes nothing.
 *
 * It goes through SQLite, because whoever opens and closes the file by other means takes this process'
 * locks on it away.
 *
 * @see https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
 */
export async function whyNotExisting(path: string): Promise<string | undefined> {
  if (!existsSync(path))
    return `there is no file ${path}. A relative path begins in the current folder: start in the application's, or name the file in full`;
  if (!statSync(path).isFile()) return `${path} is no file`;
  // Who opens it next says what to install.
  const Libsql = await loadLibsql().catch(() => undefined);
  if (Libsql === undefined) return undefined;
  try {
    const database = new Libsql(path, { readonly: true, timeout: BUSY_TIMEOUT_MS });
    try {
      return faultOf(database, path);
    } finally {
      database.close();
    }
  } catch (error) {
    return `${path}: ${sayWhy(error)}${isDamage(error) ? '; nothing was changed' : ''}`;
  }
}

function faultOf(database: Database, path: string): string | undefined {
  const id = database.prepare('SELECT application_id AS id FROM pragma_application_id()').get();
  if ((id as { id?: unknown }).id !== APPLICATION_ID)
    return `${path} is a database, but none of nestjs-server-tracking`;
  const { version } = database
    .prepare('SELECT user_version AS version FROM pragma_user_version()')
    .get() as { version: number };
  if (version < SCHEMA_VERSION)
    return `${path} was made by an older version of this library; the application brings it up to date when it starts`;
  return isSound(database, path)
    ? undefined
    : `${path}: the database file is damaged; nothing was changed`;
}
