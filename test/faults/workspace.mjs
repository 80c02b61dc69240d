import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import './children.mjs'; // Its processes end before their files go.

/** All files of this run; gone with it, after Ctrl-C too. */
export const WORKSPACE = mkdtempSync(join(tmpdir(), 'faults-'));

process.on('exit', () => rmSync(WORKSPACE, { recursive: true, force: true }));

export function makeFolder(name) {
  return mkdtemp(join(WORKSPACE, `${name}-`));
}
