import { statSync } from 'node:fs';

import type { Database } from './libsql';

/** A check reads the whole file; beyond this only what is read anyway is checked. */
const MAX_CHECKED_BYTES = 512 * 1024 * 1024;

/** Whether the file's structure is whole, as far as it is worth reading. */
export function isSound(database: Database, path: string): boolean {
  if (statSync(path).size > MAX_CHECKED_BYTES) return true;
  const [row] = database.prepare('SELECT * FROM pragma_quick_check(1)').all() as {
    quick_check?: unknown;
  }[];
  return row?.quick_check === 'ok';
}
