import { randomBytes } from 'node:crypto';

import { Vault } from '../records/vault';
import { DeadLetterTable } from './dead-letter-table';
import { EntryTable } from './entry-table';
import { GroupContents } from './group-contents';
import { GroupTable } from './group-table';
import { loadLibsql, type Database } from './libsql';
import { PendingEntries } from './pending-entries';
import { SCHEMA } from './schema';
import { NOBODY } from './stored-entry';

const OWNER = 7;
const NOW_MS = 1_000;
const HERE = new Vault([randomBytes(32)]);
const ELSEWHERE = new Vault([randomBytes(32)]);

let database: Database;

beforeEach(async () => {
  const Libsql = await loadLibsql();
  database = new Libsql(':memory:');
  database.exec(SCHEMA);
});

afterEach(() => {
  database.close();
});

describe('a claim', () => {
  it('passes over groups that no key opens some at a time, and comes to those behind them', () => {
    for (let at = 0; at < 70; at += 1) store(ELSEWHERE, `sealed-${at}`, at);
    store(HERE, 'open', 100);
    const claims = [claim(), claim(), claim()];
    expect(claims.map(({ isFull }) => isFull)).toEqual([true, true, false]);
    expect(claims.map(({ entries }) => entries.map(({ key }) => key))).toEqual([[], [], ['open']]);
    expect(claims[0]?.sealedWhy).toMatch(/not among the encryption keys/);
  });
});

function claim() {
  const { pending, groups } = tables(HERE);
  const claimed = pending.claim('meta', OWNER, NOW_MS, 200);
  groups.committed();
  return claimed;
}

function store(vault: Vault, key: string, dueAtMs: number): void {
  const { groups } = tables(vault);
  const facts = { key, eventId: key, eventName: 'purchase', occurredAtMs: 1, acceptedAtMs: 1 };
  const wire = { body: '{}', envelope: '' };
  groups.add({ ...facts, destination: 'meta', priority: 0, wire }, 300, NOBODY, dueAtMs);
  groups.write();
  groups.committed();
}

function tables(vault: Vault): { pending: PendingEntries; groups: GroupTable } {
  const groups = new GroupTable(database, new GroupContents(database, vault));
  const letters = new DeadLetterTable(database, vault);
  return { pending: new PendingEntries(new EntryTable(database, vault), groups, letters), groups };
}
