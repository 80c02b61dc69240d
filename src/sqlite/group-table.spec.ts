import { randomBytes } from 'node:crypto';

import type { OutboxEntry } from '../outbox/outbox';
import { Vault } from '../records/vault';
import { GroupContents } from './group-contents';
import { GroupTable } from './group-table';
import { loadLibsql, type Database } from './libsql';
import { SCHEMA } from './schema';
import type { StoredEntry } from './stored-entry';

const OWNER = 7;
const VAULT = new Vault([randomBytes(32)]);

let database: Database;
let groups: GroupTable;

beforeEach(async () => {
  const Libsql = await loadLibsql();
  database = new Libsql(':memory:');
  database.exec(SCHEMA);
  groups = new GroupTable(database, new GroupContents(database, VAULT));
});

afterEach(() => {
  database.close();
});

describe('GroupTable', () => {
  it('counts what two writes of one commit change in a group, and nothing of what is rolled back', () => {
    const [a, b, c] = stored('a', 'b', 'c');
    const undone = transaction(() => [groups.end([a]), groups.retry([b]), groups.end([c])], true);
    expect(undone.map((entries) => entries.length)).toEqual([1, 1, 1]);
    expect(states()).toEqual([[0, 0, 0]]);
    expect(transaction(() => groups.end([a]))).toEqual([a]);
    expect(states()).toEqual([[255, 0, 0]]);
    transaction(() => [groups.retry([b]), groups.end([c])]);
    expect(states()).toEqual([[255, 1, 255]]);
    expect(transaction(() => groups.end([c, a, b]))).toEqual([b]);
    expect(states()).toEqual([]);
  });

  it('ends an entry once, whoever does it first within a commit', () => {
    const [a, b] = stored('a', 'b');
    const twice = transaction(() => [groups.end([a]), groups.end([a, b])]);
    expect(twice).toEqual([[a], [b]]);
    expect(states()).toEqual([]);
  });

  it('brings back a group that was gone when the transaction failed', () => {
    const [a] = stored('a');
    transaction(() => groups.end([a]), true);
    expect(states()).toEqual([[0]]);
    expect(transaction(() => groups.end([a]))).toEqual([a]);
    expect(states()).toEqual([]);
  });

  it('changes nothing that belongs to another owner now', () => {
    const [a, b] = stored('a', 'b');
    database.exec('UPDATE entry_groups SET owner = 8');
    transaction(() => {
      expect(groups.end([a])).toEqual([]);
      expect(groups.retry([b])).toEqual([]);
      expect(groups.isWhole(b)).toBe(false);
      groups.makeRoom([a]);
    });
    expect(states()).toEqual([[0, 0]]);
  });

  it('writes no more into one group than is opened in one go', () => {
    const wire = { body: 'x'.repeat(100_000), envelope: '' };
    stored(...Array.from({ length: 450 }, (_unused, at) => `k${at}`));
    expect(states().map(({ length }) => length)).toEqual([200, 200, 50]);
    transaction(() => {
      for (const key of ['a', 'b', 'c'])
        groups.add({ ...entry(key), wire, destination: 'large' }, 100_300, OWNER, 1);
      groups.write();
    });
    const large = database
      .prepare(`SELECT length(states) AS n FROM entry_groups WHERE destination = 'large'`)
      .all();
    expect(large).toEqual([{ n: 2 }, { n: 1 }]);
  });
});

function stored<Keys extends readonly string[]>(
  ...keys: Keys
): { [At in keyof Keys]: StoredEntry } {
  const entries = transaction(() => {
    const added = keys.map((key) => groups.add(entry(key), 300, OWNER, 1));
    groups.write();
    return added;
  });
  return entries as unknown as { [At in keyof Keys]: StoredEntry };
}

function transaction<Result>(run: () => Result, isUndone = false): Result {
  database.exec('BEGIN IMMEDIATE');
  const result = run();
  database.exec(isUndone ? 'ROLLBACK' : 'COMMIT');
  if (isUndone) groups.rolledBack();
  else groups.committed();
  return result;
}

function states(): number[][] {
  const rows = database.prepare('SELECT states FROM entry_groups ORDER BY id').all();
  return (rows as { states: Uint8Array }[]).map((row) => [...new Uint8Array(row.states)]);
}

function entry(key: string): OutboxEntry {
  return {
    key,
    destination: 'meta',
    eventId: key,
    eventName: 'purchase',
    occurredAtMs: 1,
    acceptedAtMs: 1,
    priority: 0,
    wire: { body: `{"id":"${key}"}`, envelope: '' },
  };
}
