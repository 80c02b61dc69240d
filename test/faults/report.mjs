import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { fileURLToPath } from 'node:url';

import { format, resolveConfig } from 'prettier';

const FILE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));

/**
 * Cases that did not run this time keep the row of the last time, with its date.
 *
 * @param names of all cases, in order.
 * @param results of those that have run.
 */
export async function writeReport(names, results) {
  const rows = await lastRows();
  const today = new Date().toISOString().slice(0, 10);
  for (const { name, promise, figures, seconds, isGood } of results)
    rows.set(name, [
      name,
      promise,
      cell(`${isGood ? '' : '**failed**: '}${figures.join('; ')}`),
      String(seconds),
      today,
    ]);
  const table = names.flatMap((name) =>
    rows.has(name) ? [`| ${rows.get(name).join(' | ')} |`] : [],
  );
  const text = `# Reliability

Written by \`npm run test:faults\`: Node.js ${process.version}, ${os.platform()} ${os.arch()}, ${os.availableParallelism()} cores.
\`npm run test:faults -- --fast\` is the selection that runs with every change.

Three processes. The **oracle** stands in for the platforms, has a switch for each fault and is never ended.
The **system** is a NestJS application on Express with the built library. The **judge** calls it, keeps a ledger
of what its receipts called queued, kills it, freezes it, restarts it, and compares the ledger with what
the oracle has received. After every case:

- accepted = delivered + pending + dead-lettered + expired + dropped, for each destination, in the counters and
  event by event: **the difference is 0**. A call that a kill cut off is made again with the same event ID, as a
  shop or Stripe would, so that the ledger has no unknowns;
- what a platform got twice was in flight at a kill (sent, and its end not stored yet), and each copy has the
  same event ID and the same bytes. Platforms deduplicate them by that ID;
- a fresh event is delivered within 10 s after the faults have stopped;
- the fault has fired: kills, refusals, cut-off calls and frozen time are counted.

| case | promised | measured | seconds | date |
| --- | --- | --- | ---: | --- |
${table.join('\n')}
`;
  const style = await resolveConfig(FILE);
  await writeFile(FILE, await format(text, { ...style, filepath: FILE }));
}

/** One line without the paths of this machine. */
function cell(text) {
  return text
    .replace(/(?<![\w.])\/[\w.-]+\/\S*/g, '…')
    .replace(/[|\s]+/g, ' ')
    .slice(0, 1_200);
}

async function lastRows() {
  if (!existsSync(FILE)) return new Map();
  const lines = (await readFile(FILE, 'utf8')).split('\n').filter((line) => line.startsWith('| '));
  return new Map(
    lines.slice(2).map((line) => {
      const cells = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      return [cells[0], cells];
    }),
  );
}
