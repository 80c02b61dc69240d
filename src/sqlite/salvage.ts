import type { Database, Libsql } from './libsql';
import { asBytes, textOf } from './stored-text';

const TABLES = {
  entries:
    'destination, priority, due_at, attempts, accepted_at, occurred_at, event_id, event_name, key, body, envelope',
  dead_letters:
    'at, reason, attempts, destination, priority, accepted_at, occurred_at, event_id, event_name, key, body, envelope',
  seen_destinations: 'bit, destination',
  seen: 'hash, expires_at, bits',
  contexts: 'ref, data, expires_at',
  lanes:
    'destination, accepted, delivered, dead_lettered, expired, dropped, duplicates, refused, retries, pending_bytes',
} as const;

/**
 * Carries what can still be read of a damaged database over into a new one, row by row until nothing more
 * can. Never throws.
 *
 * @returns how many pending entries.
 */
export function salvage(Libsql: Libsql, damagedPath: string, into: Database): number {
  let rescued = 0;
  try {
    const damaged = new Libsql(damagedPath, { readonly: true });
    try {
      for (const [table, columns] of Object.entries(TABLES)) {
        const count = copyRows(damaged, into, table, columns);
        if (table === 'entries') rescued = count;
      }
    } finally {
      damaged.close();
    }
  } catch {
    // Nothing of it can be read.
  }
  balance(into);
  return rescued;
}

/** What was pending and could not be read was dropped; what was read was accepted. */
function balance(database: Database): void {
  database.exec(`
    INSERT OR IGNORE INTO lanes (destination) SELECT DISTINCT destination FROM entries;
    INSERT OR IGNORE INTO lanes (destination) SELECT DISTINCT destination FROM dead_letters;
    CREATE TEMP TABLE rescued AS SELECT destination, count(*) AS pending,
      sum(length(body) + length(envelope) + length(key) + length(event_id) + 250) AS bytes
      FROM entries GROUP BY destination;
    UPDATE lanes SET
      accepted = max(accepted, delivered + dead_lettered + expired + dropped
        + coalesce((SELECT pending FROM rescued WHERE rescued.destination = lanes.destination), 0)),
      pending_bytes = coalesce((SELECT bytes FROM rescued WHERE rescued.destination = lanes.destination), 0);
    UPDATE lanes SET dropped = accepted - delivered - dead_lettered - expired
      - coalesce((SELECT pending FROM rescued WHERE rescued.destination = lanes.destination), 0);
    DROP TABLE rescued;
  `);
}

function copyRows(from: Database, into: Database, table: string, columns: string): number {
  const names = columns.split(', ');
  const isEntries = table === 'entries';
  const insert = into.prepare(
    `INSERT OR IGNORE INTO ${table} (${columns}${isEntries ? ', owner' : ''})
     VALUES (${names.map(() => '?').join(', ')}${isEntries ? ', 0' : ''})`,
  );
  let count = 0;
  into.exec('BEGIN IMMEDIATE');
  try {
    const read = names.map((name) => (isText(name) ? asBytes([name]) : name)).join(', ');
    const rows = from.prepare(`SELECT ${read} FROM ${table}`).safeIntegers(table === 'seen');
    for (const row of rows.iterate()) {
      const values = names.map((name) => valueOf((row as Record<string, unknown>)[name]));
      // A damaged page may hold anything.
      if (values.some((value) => value === undefined)) continue;
      insert.run(...values);
      count += 1;
    }
  } catch {
    // The rest of this table lies behind the damage.
  }
  into.exec('COMMIT');
  return count;
}

const TEXTS = [
  'destination',
  'event_id',
  'event_name',
  'key',
  'body',
  'envelope',
  'reason',
  'ref',
  'data',
];

function isText(column: string): boolean {
  return TEXTS.includes(column);
}

/** Text that is none, and what is missing, is nothing. */
function valueOf(value: unknown): unknown {
  if (value === null) return undefined;
  return typeof value === 'object' ? textOf(value as Buffer) : value;
}
