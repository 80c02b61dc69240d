import { chmodSync, existsSync, statSync } from 'node:fs';

import { loadLibsql, type Database, type Libsql } from '../sqlite/libsql';
import {
  closeQuietly,
  explained,
  isEmpty,
  looksOurs,
  makeFolder,
  setAside,
} from '../sqlite/sqlite-database';
import { isDamage, sqliteCode } from '../sqlite/sqlite-error';
import { PAGE_BYTES, readSqliteLocation, type SqliteLocation } from '../sqlite/sqlite-location';
import type { AuditLogTools } from './chained-audit-log';
import { SqliteLines } from './sqlite-lines';

/** Says that a database is an audit log of ours: "nsta". */
const APPLICATION_ID = 0x6e737461;
const SCHEMA_VERSION = 1;
const BUSY_TIMEOUT_MS = 5;
const OPEN_BUSY_TIMEOUT_MS = 5_000;

/** `subject` is nobody where it was forgotten; `secret` is then the mark of the cut, else the nonce. */
const SCHEMA = `
  CREATE TABLE lines (
    writer TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    event_id TEXT NOT NULL,
    details TEXT NOT NULL,
    commitments TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (writer, seq)
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX lines_by_time ON lines (at_ms);
  CREATE INDEX lines_by_event ON lines (event_id) WHERE event_id <> '';
  CREATE TABLE who (
    writer TEXT NOT NULL,
    seq INTEGER NOT NULL,
    place INTEGER NOT NULL,
    subject TEXT,
    secret TEXT NOT NULL,
    PRIMARY KEY (writer, seq, place)
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX who_by_subject ON who (subject) WHERE subject IS NOT NULL;
  CREATE TABLE marks (
    writer TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    mac TEXT NOT NULL
  ) WITHOUT ROWID, STRICT;
`;

/** @throws Error that says what to do: the package is missing, the file is somebody else's. */
export async function openSqliteLines(
  url: string,
  { clock, logger }: Pick<AuditLogTools, 'clock' | 'logger'>,
): Promise<SqliteLines> {
  const location = readSqliteLocation(url);
  if (typeof location === 'string') throw new Error(`audit: ${location}`);
  const { path } = location;
  const Libsql = await loadLibsql('audit file:');
  makeFolder(path, 'audit');
  const description = `file:${path}`;
  try {
    return new SqliteLines(openFile(Libsql, location), description);
  } catch (error) {
    if (!isDamage(error) || !looksOurs(path)) throw explained(error, path, 'audit');
    const aside = setAside(path, clock.now());
    logger.error(
      `audit ${description}: the log was damaged (${sqliteCode(error)}) and was set aside as ${aside}: keep it; a new one was begun`,
    );
    return new SqliteLines(openFile(Libsql, location), description);
  }
}

function openFile(Libsql: Libsql, location: SqliteLocation): Database {
  const isNew = !existsSync(location.path);
  const database = new Libsql(location.path, { timeout: OPEN_BUSY_TIMEOUT_MS });
  try {
    if (isNew) chmodSync(location.path, 0o600);
    prepare(database, location);
    return database;
  } catch (error) {
    closeQuietly(database);
    throw error;
  }
}

function prepare(database: Database, { path, synchronous, maxPages }: SqliteLocation): void {
  database.exec(`PRAGMA busy_timeout=${OPEN_BUSY_TIMEOUT_MS}`);
  if (!isEmpty(database)) requireOurs(database);
  if (statSync(path).size === 0) database.exec(`PRAGMA page_size=${PAGE_BYTES}`);
  // What was forgotten or purged is overwritten, and not only unlinked.
  database.exec('PRAGMA secure_delete=ON');
  database.exec('PRAGMA journal_mode=WAL');
  database.exec(`PRAGMA synchronous=${synchronous}`);
  if (maxPages !== undefined) database.exec(`PRAGMA max_page_count=${maxPages}`);
  database.exec('BEGIN IMMEDIATE');
  try {
    // Two processes may have found it empty at the same time.
    if (isEmpty(database)) {
      database.exec(SCHEMA);
      database.exec(`PRAGMA application_id=${APPLICATION_ID}`);
    }
    database.exec(`PRAGMA user_version=${SCHEMA_VERSION}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
  database.exec(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`);
}

function requireOurs(database: Database): void {
  if (
    numberOf(database, 'SELECT application_id AS value FROM pragma_application_id()') !==
    APPLICATION_ID
  )
    throw new Error('is another database; give the audit log a file of its own');
  const version = numberOf(database, 'SELECT user_version AS value FROM pragma_user_version()');
  if (version !== SCHEMA_VERSION)
    throw new Error(
      `was made by another version of this library (${version}; this one makes ${SCHEMA_VERSION})`,
    );
}

function numberOf(database: Database, sql: string): number {
  const row = database.prepare(sql).get() as { value?: unknown } | undefined;
  return Number(row?.value);
}
