import { GroupCommit, type Write } from './group-commit';
import { loadLibsql } from './libsql';

const nothing = () => undefined;

describe('GroupCommit', () => {
  it('gives a flush to more rows where they are quick, and to no more where they are slow', async () => {
    const Libsql = await loadLibsql();
    const database = new Libsql(':memory:');
    const commitsOf = async (run: () => void): Promise<number> => {
      let count = 0;
      const hooks = { begun: nothing, ending: nothing, rolledBack: nothing };
      const commits = new GroupCommit(database, { ...hooks, committed: () => (count += 1) });
      for (let at = 0; at < 40; at += 1)
        commits.add({ rows: 100, run, committed: nothing, failed: nothing });
      await commits.drain();
      return count;
    };

    const quick = await commitsOf(nothing);
    const slow = await commitsOf(() => {
      const endMs = performance.now() + 5;
      while (performance.now() < endMs);
    });
    database.close();

    expect(quick).toBeLessThan(6);
    expect(slow).toBe(8);
  });

  it('lets what is urgent pass a burst, and keeps the order of the rest', async () => {
    const Libsql = await loadLibsql();
    const database = new Libsql(':memory:');
    const commits = new GroupCommit(database, {
      begun: nothing,
      ending: nothing,
      committed: nothing,
      rolledBack: nothing,
    });
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
