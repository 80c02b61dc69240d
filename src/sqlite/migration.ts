import type { Vault } from '../records/vault';
import { carryOver } from './carry-over';
import type { Database } from './libsql';
import { ENTRY_TABLES, GROUP_TABLES, RECORD_TABLES } from './schema';

/**
 * Brings a file of version 1 up to date, inside the caller's transaction: entries and dead letters get their
 * new columns and are sealed; contexts, which live for days, are forgotten.
 */
export function migrateFromVersion1(database: Database, vault: Vault): void {
  // What was open is not to stay in pages that are free now.
  database.exec('PRAGMA secure_delete=ON');
  database.exec(`
    DROP INDEX entries_by_owner;
    DROP INDEX dead_letters_by_destination;
    ALTER TABLE entries RENAME TO entries_1;
    ALTER TABLE dead_letters RENAME TO dead_letters_1;
    DROP TABLE contexts;
    ${ENTRY_TABLES}
    ${RECORD_TABLES}
  `);
  const entries = {
    from: 'entries_1',
    into: 'entries',
    numbers: ['id', 'owner', 'due_at'],
  } as const;
  carryOver(database, database, { ...entries, texts: [] }, vault, false);
  const letters = { from: 'dead_letters_1', into: 'dead_letters', numbers: ['id', 'at'] } as const;
  carryOver(database, database, { ...letters, texts: ['reason'] }, vault, false);
  database.exec(`
    DROP TABLE entries_1;
    DROP TABLE dead_letters_1;
    UPDATE lanes SET pending_bytes = coalesce(
      (SELECT sum(length(sealed) + length(key) + length(event_id) + 250)
       FROM entries WHERE entries.destination = lanes.destination), 0);
  `);
}

/** Brings a file of version 2 up to date: what is pending stays in rows of its own until it ends. */
export function migrateFromVersion2(database: Database): void {
  database.exec(GROUP_TABLES);
}
