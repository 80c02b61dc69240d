import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { GroupCommit, type Write } from './group-commit';
import { loadLibsql } from './libsql';

const nothing = () => undefined;
const NO_HOOKS = { begun: nothing, ending: nothing, committed: nothing, rolledBack: nothing };

describe('GroupCommit', () => {
  it('gives a flush to more rows where they are quick, and to no more where they are slow', async () => {
    const Libsql = await loadLibsql();
    const database = new Libsql(':memory:');
    const commitsOf = async (run: () => void): Promise<number> => {
      let count = 0;
      const commits = new GroupCommit(database, { ...NO_HOOKS, committed: () => (count += 1) });
      for (let at = 0; at < 40; at += 1)
        commits.add({ rows: 100, stores: true, run, committed: nothing, failed: nothing });
      await commits.drain();
      return count;
    };

    const quick = await commitsOf(nothing);
    const slow = await commitsOf(() => {
      const endMs = performance.now() + 5;
      while (performance.now() < endMs);
    });
    database.close();

    expect(quick).toBeLessThan(8);
    expect(slow).toBe(8);
  });

  it('commits one by one what failed together, with turns of the event loop between them', async () => {
    const Libsql = await loadLibsql();
    const database = new Libsql(':memory:');
    const commits = new GroupCommit(database, NO_HOOKS);
    const told: string[] = [];
    let turns = 0;
    const write = (name: string, isBad = false): Write => ({
      rows: 3,
      run: () => {
        if (isBad) throw new Error('does not fit');
      },
      committed: () => told.push(`${name} stored after ${turns} turns`),
      failed: (error) => told.push(`${name} ${(error as Error).message}`),
    });
    for (const name of ['first', 'second', 'bad', 'last']) commits.add(write(name, name === 'bad'));
    const isEmpty = commits.drain();
    for (; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    await isEmpty;
    database.close();

    expect(told.map((text) => text.split(' after')[0])).toEqual([
      'first stored',
      'second stored',
      'bad does not fit',
      'last stored',
    ]);
    const turnsOf = (at: number) => Number(told[at]?.match(/\d+/)?.[0]);
    expect(turnsOf(0)).toBeLessThan(turnsOf(1));
    expect(turnsOf(1)).toBeLessThan(turnsOf(3));
  });

  it('tells all that wait when another process has kept it out for two seconds', async () => {
    const Libsql = await loadLibsql();
    const folder = mkdtempSync(join(tmpdir(), 'group-commit-'));
    const path = join(folder, 'tracking.db');
    const other = new Libsql(path);
    other.exec('PRAGMA journal_mode=WAL');
    const database = new Libsql(path, { timeout: 5 });
    other.exec('BEGIN IMMEDIATE');
    const commits = new GroupCommit(database, NO_HOOKS);
    const failures: unknown[] = [];
    const startedMs = performance.now();
    // Each fills a transaction.
    for (let at = 0; at < 4; at += 1)
      commits.add({ rows: 600, run: nothing, committed: nothing, failed: (e) => failures.push(e) });
    await commits.drain();
    const tookMs = performance.now() - startedMs;
    other.exec('ROLLBACK');
    let isStored = false;
    commits.add({ rows: 1, run: nothing, committed: () => (isStored = true), failed: nothing });
    await commits.drain();
    database.close();
    other.close();
    rmSync(folder, { recursive: true });

    expect(failures).toHaveLength(4);
    expect(tookMs).toBeGreaterThan(1_900);
    expect(tookMs).toBeLessThan(3_900);
    expect(isStored).toBe(true);
  });

  it('lets what is urgent pass a burst, and keeps the order of the rest', async () => {
    const Libsql = await loadLibsql();
    const database = new Libsql(':memory:');
    const commits = new GroupCommit(database, NO_HOOKS);
    const done: string[] = [];
    const write = (name: string): Write => ({
      rows: 100,
      run: nothing,
      committed: () => done.push(name),
      failed: (error) => {
        throw error;
      },
    });
    const burst = Array.from({ length: 40 }, (_, at) => `burst ${at}`);
    for (const name of burst) commits.add(write(name));
    commits.addFirst(write('urgent, before the first commit'));
    await new Promise((resolve) => setImmediate(resolve));
    const before = done.length;
    commits.addFirst(write('urgent, between two commits'));
    await commits.drain();
    database.close();

    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(burst.length);
    expect(done[0]).toBe('urgent, before the first commit');
    expect(done[before]).toBe('urgent, between two commits');
    expect(done.filter((name) => name.startsWith('burst'))).toEqual(burst);
  });
});
