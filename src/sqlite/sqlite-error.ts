/** What SQLite says went wrong: `SQLITE_FULL`, `SQLITE_BUSY`; else the error's name. */
export function sqliteCode(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  return error instanceof Error ? error.name : 'unknown fault';
}

/** Another process is writing at this moment. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(?:BUSY|LOCKED)/.test(sqliteCode(error));
}

/** The file is damaged, or no database at all. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(?:CORRUPT|NOTADB|FORMAT)/.test(sqliteCode(error));
}

/** In words for a receipt, a log line and a status. */
export function sayWhy(error: unknown): string {
  const code = sqliteCode(error);
  return `${MEANINGS[code.replace(/^(SQLITE_[A-Z]+)_.*$/, '$1')] ?? 'the database does not take it'} (${code})`;
}

const MEANINGS: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'the disk or the database is full',
  SQLITE_BUSY: 'another process kept the database locked',
  SQLITE_LOCKED: 'another process kept the database locked',
  SQLITE_IOERR: 'the disk failed',
  SQLITE_CORRUPT: 'the database file is damaged',
  SQLITE_NOTADB: 'the file is no database',
  SQLITE_READONLY: 'the database may not be written to',
  SQLITE_CANTOPEN: 'the database cannot be opened',
};
