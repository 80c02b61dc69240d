/** Says that a database is ours: "nstr". */
export const APPLICATION_ID = 0x6e737472;

/** Raised with each change of the tables; an older file is brought up to date, a newer one is not opened. */
export const SCHEMA_VERSION = 3;

/**
 * - `entries.owner`: the process that holds the entry in its memory; 0 is nobody. One index serves those
 *   who look for something to do and those who look for what a dead process left.
 * - `about`: whom it is about, and since when there is consent (see `about.ts`).
 * - `sealed`: what the platform will read, encrypted; a dead letter keeps the entry's bytes.
 */
export const ENTRY_TABLES = `
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    destination TEXT NOT NULL,
    priority INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    event_name TEXT NOT NULL,
    key TEXT NOT NULL,
    about TEXT NOT NULL,
    sealed BLOB NOT NULL
  );
  CREATE INDEX entries_by_owner ON entries (owner, destination, priority, due_at);
  CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    destination TEXT NOT NULL,
    priority INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    event_name TEXT NOT NULL,
    key TEXT NOT NULL,
    about TEXT NOT NULL,
    sealed BLOB NOT NULL
  );
  CREATE INDEX dead_letters_by_destination ON dead_letters (destination, event_name);
`;

/**
 * Entries of one destination and priority that one commit stored.
 *
 * - `entry_groups.id` never comes again: who holds a group knows it by that.
 * - `states`: a byte for each entry, 255 where it is no longer pending, else its attempts. Small,
 *   because it changes: what the entries are stands apart.
 * - `erased`: a process that holds it is to let go what was emptied.
 * - `group_contents.facts`: what an entry's row has in columns, as JSON; its UTF-8 is written as it is.
 */
export const GROUP_TABLES = `
  CREATE TABLE entry_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner INTEGER NOT NULL,
    destination TEXT NOT NULL,
    priority INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    erased INTEGER NOT NULL,
    states BLOB NOT NULL
  );
  CREATE INDEX entry_groups_by_owner ON entry_groups (owner, destination, priority, due_at);
  CREATE INDEX entry_groups_erased ON entry_groups (destination) WHERE erased = 1;
  CREATE TABLE group_contents (
    id INTEGER PRIMARY KEY,
    facts TEXT NOT NULL,
    sealed BLOB NOT NULL
  );
`;

export const RECORD_TABLES = `
  CREATE TABLE records (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (collection, key)
  ) WITHOUT ROWID;
  CREATE INDEX records_by_end ON records (expires_at);
  CREATE TABLE record_subjects (
    subject TEXT NOT NULL,
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (subject, collection, key)
  ) WITHOUT ROWID;
  CREATE INDEX record_subjects_by_key ON record_subjects (collection, key);
`;

/**
 * - `owners`: a row for each process that delivers, with the end of its lease.
 * - `seen`: idempotency keys as 64-bit hashes of what all destinations of an event have in common; the
 *   hash is the row ID, which keeps the tree small, and each destination has a bit.
 * - `lanes`: counters, so that no number has to be counted.
 */
export const SCHEMA = `
  ${ENTRY_TABLES}
  ${GROUP_TABLES}
  ${RECORD_TABLES}
  CREATE TABLE owners (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lease_ends_at INTEGER NOT NULL
  );
  CREATE TABLE seen (
    hash INTEGER PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    bits INTEGER NOT NULL
  );
  CREATE TABLE seen_destinations (
    bit INTEGER PRIMARY KEY AUTOINCREMENT,
    destination TEXT NOT NULL UNIQUE
  );
  CREATE TABLE lanes (
    destination TEXT PRIMARY KEY,
    accepted INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    dead_lettered INTEGER NOT NULL DEFAULT 0,
    expired INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    pending_bytes INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
`;
