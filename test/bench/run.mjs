import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { figuresOf, startStub } from './child.mjs';
import {
  measureCalls,
  measureCapture,
  measureDelivery,
  measureImport,
  measureStorage,
} from './measure.mjs';
import { topFunctions } from './profile.mjs';
import { renderReport } from './report.mjs';
import { FLOODED, SUBJECTS } from './subjects.mjs';

/**
 *     node test/bench/run.mjs                        all of it, about fifteen minutes
 *     node test/bench/run.mjs --quick                fewer rounds, for a first look
 *     node test/bench/run.mjs --json figures.json    the raw figures too
 *     node test/bench/run.mjs --profile ours-three   a .cpuprofile of one subject; also `ours-call`
 *
 * Needs the build (`npm run build`), the peers (`npm --prefix test/bench ci`) and `redis-server`.
 */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    profile: { type: 'string' },
  },
});

const stub = await startStub();
try {
  if (values.profile !== undefined) await profile(values.profile);
  else await bench(values.quick);
} finally {
  stub.stop();
}

async function bench(isQuick) {
  const figures = {
    delivery: await measureDelivery(stub, SUBJECTS, isQuick ? 1 : 4, isQuick ? 0.5 : 1),
    flooded: await measureDelivery(stub, FLOODED, isQuick ? 1 : 3, isQuick ? 0.5 : 1),
    calls: await measureCalls(stub, isQuick ? 1 : 3, isQuick ? 2_000 : 3_000),
    capture: await measureCapture(isQuick ? 1 : 3, isQuick ? 1_000 : 4_000),
    imports: await measureImport(isQuick ? 3 : 7),
    storage: await measureStorage(isQuick ? 1 : 3, isQuick ? 20_000 : 100_000, isQuick),
  };
  console.log(renderReport(figures));
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify(figures, null, 1));
}

async function profile(name) {
  const file = `${name}.cpuprofile`;
  if (name === 'ours-call') {
    await figuresOf('call-worker.mjs', ['three', stub.url, 2_000, 6_000, file]);
  } else {
    const subject = SUBJECTS.find((candidate) => candidate.name === name);
    if (subject === undefined) {
      const names = ['ours-call', ...SUBJECTS.map((candidate) => candidate.name)];
      throw new Error(`unknown subject ${name}; one of ${names.join(', ')}`);
    }
    const { kind, setUp, warmUp, count, atOnce } = subject;
    await figuresOf('worker.mjs', [kind, setUp, stub.url, warmUp, 2 * count, atOnce, file]);
  }
  console.log(`${file}\n\n${topFunctions(JSON.parse(await readFile(file, 'utf8')), 40)}`);
}
