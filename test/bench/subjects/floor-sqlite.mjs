import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startOn } from './floor.mjs';

const fromRoot = createRequire(new URL('../../../package.json', import.meta.url));
/** Events of one commit. */
const COMMIT = 100;

/** The same with a row per event, a hundred to a commit, `synchronous=FULL`. */
export function start(stubUrl, setUp) {
  const Database = fromRoot('libsql');
  const folder = mkdtempSync(join(tmpdir(), 'floor-'));
  const database = new Database(join(folder, 'floor.db'));
  database.exec('PRAGMA journal_mode=WAL');
  database.exec('PRAGMA synchronous=FULL');
  database.exec('CREATE TABLE pending (id INTEGER PRIMARY KEY, texts TEXT NOT NULL)');
  const insert = database.prepare('INSERT INTO pending (texts) VALUES (?)');
  const remove = database.prepare('DELETE FROM pending WHERE id >= ? AND id < ?');
  const store = {
    add(texts) {
      const lists = Object.values(texts);
      const { length } = lists[0];
      let first;
      for (let at = 0; at < length; at += COMMIT) {
        database.exec('BEGIN IMMEDIATE');
        for (let index = at; index < Math.min(at + COMMIT, length); index += 1) {
          const { lastInsertRowid } = insert.run(lists.map((list) => list[index]).join('\n'));
          first ??= Number(lastInsertRowid);
        }
        database.exec('COMMIT');
      }
      return { first, length };
    },
    remove({ first, length }) {
      remove.run(first, first + length);
    },
    close() {
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return startOn(store, stubUrl, setUp);
}
