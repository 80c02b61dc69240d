import { cp, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { CASES } from './cases.mjs';
import { endAll } from './children.mjs';
import { Broken, Unmet } from './expect.mjs';
import { Oracle } from './oracle-client.mjs';
import { writeReport } from './report.mjs';
import { STORAGES } from './storages.mjs';
import { WORKSPACE } from './workspace.mjs';

/** What came late is judged so often again, after a while in which nothing runs. */
const TURNS_ALONE = 2;
const QUIET_MS = 3_000;

/**
 *     npm run test:faults                      all cases, in half an hour, and docs/reliability.md
 *     npm run test:faults -- --fast            the fast selection, within 90 s
 *     npm run test:faults -- --only SIGTERM    the cases with this in their names; the report keeps the others
 *     npm run test:faults -- --list            what there is
 *
 * Needs the build (`npm run build`).
 */
const { values } = parseArgs({
  options: {
    fast: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
    dist: { type: 'string', default: fileURLToPath(new URL('../../dist', import.meta.url)) },
  },
});

const chosen = CASES.filter(
  ({ name, isFast }) =>
    (isFast || !values.fast) &&
    (values.only.length === 0 || values.only.some((part) => name.includes(part))),
);

if (values.list) for (const { name, promise } of chosen) console.log(`${name}: ${promise}`);
else process.exitCode = (await judge()) ? 0 : 1;

async function judge() {
  let oracle;
  try {
    const library = await copyLibrary();
    oracle = await Oracle.start(library);
    const tools = { library, oracle, storages: STORAGES };
    let results = [];
    const runAll = async (cases, width) => {
      const left = [...cases];
      const work = async () => {
        for (let one = left.shift(); one !== undefined; one = left.shift())
          results.push(await runOne(one, tools));
      };
      await Promise.all(Array.from({ length: width }, work));
    };
    // Most cases wait most of the time; the others measure time.
    await runAll(
      chosen.filter(({ isAlone }) => !isAlone),
      values.fast ? 3 : 1,
    );
    await runAll(
      chosen.filter(({ isAlone }) => isAlone),
      1,
    );
    for (let turn = 0; values.fast && turn < TURNS_ALONE; turn += 1) {
      // Three at a time slow each other down, and what they wrote is still on its way to the disk when they have ended. What
      // was lost is lost, but what came late is judged once more, alone.
      const late = results.filter(({ isGood, isBroken }) => !isGood && !isBroken);
      if (late.length === 0) break;
      console.log(`once more, alone: ${late.length}`);
      await pause(QUIET_MS);
      results = results.filter((result) => !late.includes(result));
      await runAll(
        late.map((result) => chosen.find(({ name }) => name === result.name)),
        1,
      );
    }
    const isGood = results.every((result) => result.isGood);
    const measured = results.filter(({ wasRun }) => wasRun);
    if (!values.fast)
      await writeReport(
        CASES.map(({ name }) => name),
        measured,
      );
    return isGood;
  } finally {
    oracle?.end();
    endAll();
  }
}

async function runOne({ name, promise, storage, run }, tools) {
  const missing = await storage?.missing(tools.library);
  if (missing !== undefined) {
    console.log(`-      ${name}: not run, ${missing}`);
    return { name, isGood: true, wasRun: false };
  }
  const startedAtMs = Date.now();
  let figures;
  let isGood = true;
  let isBroken = false;
  try {
    figures = await inTime(run({ ...tools, isFast: values.fast }));
  } catch (error) {
    isGood = false;
    isBroken = error instanceof Broken;
    figures = [error instanceof Unmet ? error.message : String(error.stack).slice(0, 1_500)];
  }
  const seconds = Math.round((Date.now() - startedAtMs) / 1_000);
  console.log(`${isGood ? 'ok    ' : 'FAILED'} ${name} (${seconds} s): ${figures.join('; ')}`);
  return { name, promise, figures, isGood, isBroken, seconds, wasRun: true };
}

/** A case that waits for what never comes is a failure, and no reason to wait with it. */
async function inTime(result) {
  let timer;
  const limitMs = values.fast ? 80_000 : 900_000;
  const isUp = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Unmet(`not over after ${limitMs / 1_000} s`)), limitMs);
  });
  try {
    return await Promise.race([result, isUp]);
  } finally {
    clearTimeout(timer);
  }
}

/** The build may change while the cases run; they want one and the same. */
async function copyLibrary() {
  if (!existsSync(join(values.dist, 'index.js')))
    throw new Error('there is no build; run: npm run build');
  const library = join(WORKSPACE, 'dist');
  await cp(values.dist, library, { recursive: true });
  await symlink(
    fileURLToPath(new URL('../../node_modules', import.meta.url)),
    join(WORKSPACE, 'node_modules'),
  );
  return library;
}
