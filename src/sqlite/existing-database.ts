import { existsSync, statSync } from 'node:fs';

import type LibsqlDatabase from 'libsql';

import { APPLICATION_ID } from './schema';
import { isDamage, sayWhy } from './sqlite-error';

const BUSY_TIMEOUT_MS = 5_000;
/** A check reads the whole file; beyond this only what is read anyway is checked. */
const MAX_CHECKED_BYTES = 512 * 1024 * 1024;

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
  const Libsql = await loadLibsql();
  // Who opens it next says what to install.
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

function faultOf(database: LibsqlDatabase.Database, path: string): string | undefined {
  const id = database.prepare('SELECT application_id AS id FROM pragma_application_id()').get();
  if ((id as { id?: unknown }).id !== APPLICATION_ID)
    return `${path} is a database, but none of nestjs-server-tracking`;
  if (statSync(path).size > MAX_CHECKED_BYTES) return undefined;
  const [row] = database.prepare('SELECT * FROM pragma_quick_check(1)').all() as {
    quick_check?: unknown;
  }[];
  return row?.quick_check === 'ok'
    ? undefined
    : `${path}: the database file is damaged; nothing was changed`;
}

type Libsql = new (path: string, options?: LibsqlDatabase.Options) => LibsqlDatabase.Database;

async function loadLibsql(): Promise<Libsql | undefined> {
  try {
    const loaded = (await import('libsql')) as unknown as { default?: Libsql } & Libsql;
    return loaded.default ?? loaded;
  } catch {
    return undefined;
  }
}
