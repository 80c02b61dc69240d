import { chmodSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import type { StorageTools } from '../outbox/storage';
import type { Vault } from '../records/vault';
import { isSound } from './integrity';
import { loadLibsql, type Database, type Libsql } from './libsql';
import { migrateFromVersion1, migrateFromVersion2 } from './migration';
import { salvage } from './salvage';
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from './schema';
import { isBusy, isDamage, sayWhy, sqliteCode } from './sqlite-error';
import { PAGE_BYTES, type SqliteLocation } from './sqlite-location';

/** How long one statement may wait for another process, on the host's thread. */
const BUSY_TIMEOUT_MS = 5;
const OPEN_BUSY_TIMEOUT_MS = 5_000;
/** A checkpoint stalls as long as it writes: little and often. */
const CHECKPOINT_PAGES = 1_000;

export interface OpenedDatabase {
  readonly database: Database;
  /** What a person should see to: a damaged file was set aside. */
  readonly alarm: string | undefined;
}

/**
 * Opens the file, or makes it. A damaged one is set aside, with what could be read of it carried over.
 *
 * @throws Error that says what to do: the package is missing, the file is somebody else's.
 */
export async function openDatabase(
  location: SqliteLocation,
  { clock, logger, vault }: Pick<StorageTools, 'clock' | 'logger' | 'vault'>,
): Promise<OpenedDatabase> {
  const libsql = await loadLibsql();
  const { path } = location;
  makeFolder(path);
  try {
    if (isEmptied(path)) throw damage('the file is empty');
    return { database: openHealthy(libsql, location, vault), alarm: undefined };
  } catch (error) {
    if (!isDamage(error) || !looksOurs(path)) throw explained(error, path);
    const aside = setAside(path, clock.now());
    const database = openHealthy(libsql, location, vault);
    const rescued = salvage(libsql, aside, database, vault);
    const alarm = `the database was damaged (${sqliteCode(error)}) and was set aside as ${aside}; ${rescued} of its pending entries could be read and go on`;
    logger.error(`tracking: ${alarm}`);
    return { database, alarm };
  }
}

/** @throws Error that says why there can be none. */
export function makeFolder(path: string, what = 'storage'): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explained(error, path, what);
  }
}

function openHealthy(Libsql: Libsql, location: SqliteLocation, vault: Vault): Database {
  const isNew = !existsSync(location.path);
  const database = new Libsql(location.path, { timeout: OPEN_BUSY_TIMEOUT_MS });
  try {
    if (isNew) chmodSync(location.path, 0o600);
    prepare(database, location, vault);
    return database;
  } catch (error) {
    closeQuietly(database);
    throw error;
  }
}

function prepare(
  database: Database,
  { path, synchronous, maxPages }: SqliteLocation,
  vault: Vault,
): void {
  database.exec(`PRAGMA busy_timeout=${OPEN_BUSY_TIMEOUT_MS}`);
  // Before anything is changed: somebody else's file stays as it is.
  if (!isEmpty(database)) requireOurs(database);
  if (statSync(path).size === 0) database.exec(`PRAGMA page_size=${PAGE_BYTES}`);
  database.exec('PRAGMA journal_mode=WAL');
  database.exec(`PRAGMA synchronous=${synchronous}`);
  database.exec(`PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES}`);
  if (maxPages !== undefined) database.exec(`PRAGMA max_page_count=${maxPages}`);
  let wasOpen = false;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Two processes may have found it empty at the same time.
    if (isEmpty(database)) {
      database.exec(SCHEMA);
      database.exec(`PRAGMA application_id=${APPLICATION_ID}`);
    } else {
      const version = versionOf(database);
      wasOpen = version === 1;
      if (version === 1) migrateFromVersion1(database, vault);
      if (version <= 2) migrateFromVersion2(database);
    }
    // Written each time: a file that may only be read is found out now, not with the first event.
    database.exec(`PRAGMA user_version=${SCHEMA_VERSION}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
  // Until then what was open is still to be read in the file.
  if (wasOpen) database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  // Else a page keeps in its gaps what moved to another one, and an erasure does not see it there.
  database.exec('PRAGMA secure_delete=FAST');
  if (!isSound(database, path)) throw damage('quick_check failed');
  database.exec(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`);
}

/** Whether nobody has made a table yet. */
export function isEmpty(database: Database): boolean {
  return numberOf(database, 'SELECT count(*) AS value FROM sqlite_schema') === 0;
}

/** A host's own database must not become ours by a slip in a path. */
function requireOurs(database: Database): void {
  if (
    numberOf(database, 'SELECT application_id AS value FROM pragma_application_id()') !==
    APPLICATION_ID
  )
    throw new NotOurs('belongs to another application; give tracking a file of its own');
  const version = versionOf(database);
  if (version < 1 || version > SCHEMA_VERSION)
    throw new NotOurs(
      `was made by another version of this library (${version}; this one makes ${SCHEMA_VERSION})`,
    );
}

function versionOf(database: Database): number {
  return numberOf(database, 'SELECT user_version AS value FROM pragma_user_version()');
}

class NotOurs extends Error {}

/** A damaged file is set aside only if it may be ours: a text named by mistake is not. */
export function looksOurs(path: string): boolean {
  return /\.(?:db|sqlite3?)$/i.test(path) || statSync(path).size % PAGE_BYTES === 0;
}

function damage(message: string): Error {
  return Object.assign(new Error(message), { code: 'SQLITE_CORRUPT' });
}

/** We never leave an empty file behind, so something was in it. */
function isEmptied(path: string): boolean {
  return existsSync(path) && statSync(path).size === 0;
}

function numberOf(database: Database, sql: string): number {
  const row = database.prepare(sql).get() as { value?: unknown } | undefined;
  return Number(row?.value);
}

/** @returns where it is now. */
export function setAside(path: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replace(/[:.]/g, '-');
  let aside = `${path}.damaged-${stamp}`;
  for (let next = 2; existsSync(aside); next += 1) aside = `${path}.damaged-${stamp}-${next}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

/** Why a file cannot be opened, and what to do. @param what the file is for. */
export function explained(error: unknown, path: string, what = 'storage'): Error {
  if (existsSync(path) && statSync(path).isDirectory())
    return new Error(`${what} file:${path}: is a folder; name a file in it, such as tracking.db`);
  if ((error as Error).message.includes('Unable to open'))
    return new Error(
      `${what} file:${path}: ${sayWhy({ code: 'SQLITE_CANTOPEN' })}; may this user write to its folder?`,
      { cause: error },
    );
  const why =
    error instanceof NotOurs || (!isBusy(error) && !sqliteCode(error).startsWith('SQLITE_'))
      ? (error as Error).message
      : sayWhy(error);
  return new Error(`${what} file:${path}: ${why}`, { cause: error });
}

/**
 * Puts everything into the file itself and lets it go. The package closes it for good only when its
 * statements have been collected as garbage, so nothing may be left that matters.
 */
export function closeQuietly(database: Database): void {
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // Another process reads, or the file is damaged: the write-ahead log stays, and is read at the next start.
  }
  try {
    database.close();
  } catch {
    // What cannot be closed is gone already.
  }
}
