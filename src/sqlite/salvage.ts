import type { Vault } from '../records/vault';
import { carryOver, type CarriedTable } from './carry-over';
import type { Database, Libsql } from './libsql';
import { salvageGroups, type SalvagedLane } from './salvaged-groups';
import { asBytes, textOf } from './stored-text';

const SEALED_TABLES: readonly CarriedTable[] = [
  { from: 'entries', into: 'entries', numbers: ['due_at'], texts: [], fixed: { owner: 0 } },
  { from: 'dead_letters', into: 'dead_letters', numbers: ['at'], texts: ['reason'] },
];

const TABLES = {
  seen_destinations: 'bit, destination',
  seen: 'hash, expires_at, bits',
  records: 'collection, key, value, expires_at',
  record_subjects: 'subject, collection, key',
  lanes:
    'destination, accepted, delivered, dead_lettered, expired, dropped, duplicates, refused, retries, pending_bytes',
} as const;

/**
 * Carries what can still be read of a damaged database over into a new one, row by row until nothing more
 * can. Never throws.
 *
 * @returns how many pending entries.
 */
export function salvage(Libsql: Libsql, damagedPath: string, into: Database, vault: Vault): number {
  let rescued = 0;
  const groups = new Map<string, SalvagedLane>();
  try {
    const damaged = new Libsql(damagedPath, { readonly: true });
    try {
      for (const table of SEALED_TABLES) {
        const count = inTransaction(into, () => carryOver(damaged, into, table, vault, true));
        if (table.into === 'entries') rescued = count;
      }
      inTransaction(into, () => {
        salvageGroups(damaged, into, groups);
      });
      for (const [table, columns] of Object.entries(TABLES))
        inTransaction(into, () => {
          copyRows(damaged, into, table, columns);
        });
    } finally {
      damaged.close();
    }
  } catch {
    // Nothing of it can be read.
  }
  balance(into, groups);
  for (const { pending } of groups.values()) rescued += pending;
  return rescued;
}

/** What was pending and could not be read was dropped; what was read was accepted. */
function balance(database: Database, groups: ReadonlyMap<string, SalvagedLane>): void {
  database.exec(`
    CREATE TEMP TABLE found (destination, pending, bytes);
    INSERT INTO found SELECT destination, count(*),
      sum(length(sealed) + length(key) + length(event_id) + 250)
      FROM entries GROUP BY destination;
  `);
  const insert = database.prepare('INSERT INTO found VALUES (?, ?, ?)');
  for (const [destination, { pending, bytes }] of groups) insert.run(destination, pending, bytes);
  database.exec(`
    CREATE TEMP TABLE rescued AS SELECT destination, sum(pending) AS pending, sum(bytes) AS bytes
      FROM found GROUP BY destination;
    INSERT OR IGNORE INTO lanes (destination) SELECT destination FROM rescued;
    INSERT OR IGNORE INTO lanes (destination) SELECT DISTINCT destination FROM dead_letters;
    UPDATE lanes SET
      accepted = max(accepted, delivered + dead_lettered + expired + dropped
        + coalesce((SELECT pending FROM rescued WHERE rescued.destination = lanes.destination), 0)),
      pending_bytes = coalesce((SELECT bytes FROM rescued WHERE rescued.destination = lanes.destination), 0);
    UPDATE lanes SET dropped = accepted - delivered - dead_lettered - expired
      - coalesce((SELECT pending FROM rescued WHERE rescued.destination = lanes.destination), 0);
    DROP TABLE rescued;
    DROP TABLE found;
  `);
}

/** A table that cannot be read at all leaves the others as they are. */
function inTransaction(into: Database, work: () => number | undefined): number {
  let count = 0;
  into.exec('BEGIN IMMEDIATE');
  try {
    count = work() ?? 0;
  } catch {
    // It is not there, or its beginning is damaged.
  }
  into.exec('COMMIT');
  return count;
}

function copyRows(from: Database, into: Database, table: string, columns: string): void {
  const names = columns.split(', ');
  const insert = into.prepare(
    `INSERT OR IGNORE INTO ${table} (${columns}) VALUES (${names.map(() => '?').join(', ')})`,
  );
  const read = names.map((name) => (isText(name) ? asBytes([name]) : name)).join(', ');
  const rows = from.prepare(`SELECT ${read} FROM ${table}`).safeIntegers(table === 'seen');
  for (const row of rows.iterate()) {
    const values = names.map((name) => valueOf((row as Record<string, unknown>)[name]));
    // A damaged page may hold anything.
    if (!values.some((value) => value === undefined)) insert.run(...values);
  }
}

const TEXTS = ['destination', 'collection', 'key', 'value', 'subject'];

function isText(column: string): boolean {
  return TEXTS.includes(column);
}

/** Text that is none, and what is missing, is nothing. */
function valueOf(value: unknown): unknown {
  if (value === null) return undefined;
  return typeof value === 'object' ? textOf(value as Buffer) : value;
}
