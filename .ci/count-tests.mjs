// Adds up the reports of Jest in a folder and prints the sum; nothing where no test has run.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
const reports = readdirSync(folder).map((file) =>
  JSON.parse(readFileSync(join(folder, file), 'utf8')),
);
const sum = (key) => reports.reduce((total, report) => total + report[key], 0);
const skipped = sum('numPendingTests') + sum('numTodoTests');
const counts = [
  `${sum('numPassedTests')} passed`,
  // A suite that could not start has failed without a failed test.
  `${sum('numFailedTests') + sum('numRuntimeErrorTestSuites')} failed`,
  ...(skipped > 0 ? [`${skipped} skipped`] : []),
];
if (reports.length > 0) console.log(`Tests: ${counts.join(', ')}`);
