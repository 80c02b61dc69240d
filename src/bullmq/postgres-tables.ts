import type { PoolClient } from 'pg';

/** The counters of a lane, as columns. */
const COUNTERS = [
  'accepted',
  'pending',
  'pendingBytes',
  'delivered',
  'deadLettered',
  'expired',
  'dropped',
  'duplicates',
  'refused',
  'retries',
] as const;

type Counter = (typeof COUNTERS)[number];

/** Makes what BullMQ does not keep, beside its tables. Many processes may start at once. */
export async function createTables(client: PoolClient): Promise<void> {
  await client.query('BEGIN');
  await client.query(`SELECT pg_advisory_xact_lock(hashtext('tracking:tables'))`);
  await client.query(`
    CREATE TABLE IF NOT EXISTS tracking_key (
      hash text PRIMARY KEY,
      expires_at_ms bigint NOT NULL
    );
    CREATE INDEX IF NOT EXISTS tracking_key_expiry ON tracking_key (expires_at_ms);
    CREATE TABLE IF NOT EXISTS tracking_lane (
      destination text PRIMARY KEY,
      ${COUNTERS.map((name) => `"${name}" bigint NOT NULL DEFAULT 0`).join(', ')}
    ) WITH (fillfactor = 50);
    CREATE TABLE IF NOT EXISTS tracking_dead_letter (
      id bigserial PRIMARY KEY,
      destination text NOT NULL,
      at_ms bigint NOT NULL,
      letter text NOT NULL
    );
    CREATE INDEX IF NOT EXISTS tracking_dead_letter_age ON tracking_dead_letter (at_ms, id);
    CREATE TABLE IF NOT EXISTS tracking_record (
      collection text NOT NULL,
      key text NOT NULL,
      value text NOT NULL,
      subjects text[] NOT NULL,
      expires_at_ms bigint NOT NULL,
      PRIMARY KEY (collection, key)
    );
    CREATE INDEX IF NOT EXISTS tracking_record_expiry ON tracking_record (expires_at_ms);
    CREATE INDEX IF NOT EXISTS tracking_record_subjects ON tracking_record USING gin (subjects);
    CREATE TABLE IF NOT EXISTS tracking_erasure (
      id bigserial PRIMARY KEY,
      at_ms bigint NOT NULL,
      subjects text[] NOT NULL,
      announced_at timestamptz NOT NULL DEFAULT now()
    );
    DROP TABLE IF EXISTS tracking_context`);
  await client.query('COMMIT');
}

type Increments = Partial<Record<Counter, number>>;

/** Adds to a lane's counters. Text and no parameters, so that it can go in one message with the commit. */
export function countSql(destination: string, increments: Increments): string | undefined {
  const names = COUNTERS.filter((name) => (increments[name] ?? 0) !== 0);
  if (names.length === 0) return undefined;
  const columns = names.map((name) => `"${name}"`);
  const sums = columns.map((column) => `${column} = tracking_lane.${column} + EXCLUDED.${column}`);
  return `INSERT INTO tracking_lane (destination, ${columns.join(', ')})
    VALUES (${literal(destination)}, ${names.map((name) => Math.trunc(increments[name] ?? 0)).join(', ')})
    ON CONFLICT (destination) DO UPDATE SET ${sums.join(', ')}`;
}

function literal(text: string): string {
  // E'' reads a backslash the same way on every server.
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
