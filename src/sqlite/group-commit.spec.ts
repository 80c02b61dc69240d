import { GroupCommit, type Write } from './group-commit';
import { loadLibsql } from './libsql';

describe('GroupCommit', () => {
  it('lets what is urgent pass a burst, and keeps the order of the rest', async () => {
    const Libsql = await loadLibsql();
    const database = new Libsql(':memory:');
    const nothing = () => undefined;
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
