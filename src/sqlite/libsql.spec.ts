import { loadLibsql, type Database } from './libsql';

let database: Database;

beforeEach(async () => {
  const Libsql = await loadLibsql();
  database = new Libsql(':memory:');
  database.exec('CREATE TABLE counts (name TEXT PRIMARY KEY, value INTEGER CHECK (value < 10))');
});

afterEach(() => {
  database.close();
});

describe('a statement that failed', () => {
  it('answers the next question, and not the one that it failed at', () => {
    const read = database.prepare('SELECT json_extract(?, ?) AS value');
    expect(() => read.get('no JSON', '$.a')).toThrow(/malformed/);
    expect(() => read.get('no JSON', '$.a')).toThrow(/malformed/);
    expect(read.get('{"a":1}', '$.a')).toMatchObject({ value: 1 });
    expect(read.get('{"a":2}', '$.a')).toMatchObject({ value: 2 });
  });

  it('writes what it is given then', () => {
    const add = database.prepare(
      `INSERT INTO counts VALUES (?, ?)
       ON CONFLICT DO UPDATE SET value = value + excluded.value RETURNING value`,
    );
    expect(add.get('a', 9)).toMatchObject({ value: 9 });
    expect(() => add.get('a', 1)).toThrow(/CHECK/);
    database.exec(`UPDATE counts SET value = 0`);
    expect(add.get('b', 2)).toMatchObject({ value: 2 });
    const rows = database.prepare('SELECT name, value FROM counts ORDER BY name').all();
    expect(rows).toEqual([
      { name: 'a', value: 0 },
      { name: 'b', value: 2 },
    ]);
  });
});
