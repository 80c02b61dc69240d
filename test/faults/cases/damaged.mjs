import { cp, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { expect } from '../expect.mjs';
import { PLATFORMS, Trial } from '../trial.mjs';
import { makeFolder } from '../workspace.mjs';

const PENDING = 60;
const WIDTH = 5;

/** What befalls the files of a shop that was killed, or closed, with events pending. */
const DAMAGES = {
  'bytes of the database': ({ path }, random) => scribble(path, 200, random),
  'header of the database': ({ path }) => overwrite(path, 0, Buffer.alloc(100, 0x2a)),
  'database cut': async ({ path }, random) => cut(path, random()),
  'database emptied': ({ path }) => truncate(path, 0),
  'database replaced by text': ({ path }) => writeFile(path, 'no database at all\n'.repeat(500)),
  'bytes of the WAL': ({ path }, random) => scribble(`${path}-wal`, 50, random),
  'WAL cut': async ({ path }, random) => cut(`${path}-wal`, random()),
  'WAL of noise': async ({ path }, random) => {
    const { size } = await stat(`${path}-wal`);
    await writeFile(`${path}-wal`, Buffer.from(Array.from({ length: size }, () => random() * 256)));
  },
  'shared memory of noise': async ({ path }, random) => scribble(`${path}-shm`, 2_000, random),
  'page of zeros': async ({ path }, random) => {
    const { size } = await stat(path);
    const page = 1 + Math.floor(random() * (size / 8_192 - 1));
    await overwrite(path, page * 8_192, Buffer.alloc(8_192));
  },
};

export const damagedFiles = {
  name: 'corrupted or truncated database and WAL, SQLite',
  promise: '100 boots of 100 start and take events: recovered, or set aside with an alarm',
  isFast: true,
  async run({ isFast, storages, ...tools }) {
    const boots = isFast ? 10 : 100;
    const template = await makeTemplate(storages, tools);
    try {
      const names = Object.keys(DAMAGES);
      const results = [];
      let next = 0;
      await Promise.all(
        Array.from({ length: WIDTH }, async () => {
          while (next < boots) {
            const at = next++;
            results.push(await bootDamaged(template, names[at % names.length], at, tools));
          }
        }),
      );
      const started = results.filter(({ isGood }) => isGood);
      const failures = results.filter(({ isGood }) => !isGood).map(({ reason }) => reason);
      expect(
        failures.length === 0,
        `${started.length} of ${boots} boots are good: ${failures.slice(0, 3).join('; ')}`,
      );
      const aside = started.filter(({ isAside }) => isAside);
      return [
        `${started.length} of ${boots} boots start, take and deliver an event, and their counts add up`,
        `${aside.length} set the file aside with an alarm, ${boots - aside.length} went on with it`,
        ...names.map((name) => {
          const of = started.filter((result) => result.damage === name);
          const wereAside = of.filter(({ isAside }) => isAside).length;
          return `${name}: ${wereAside} of ${of.length} set aside`;
        }),
      ];
    } finally {
      await template.remove();
    }
  },
};

/** Files of a shop that was killed with events pending, most of them in the database itself. */
async function makeTemplate(storages, tools) {
  const storage = await storages.sqlite.make();
  const trial = new Trial({ ...tools, storage });
  for (const platform of PLATFORMS) await trial.room.behave(platform, { kind: 'hang' });
  await trial.boot();
  await trial.trackMany(PENDING);
  await trial.system.end('SIGTERM');
  checkpoint(storage.path, tools.library);
  // One that claims nothing, or each page that holds an entry would be in the WAL once more.
  await trial.boot({ delivery: { role: 'accept' } });
  await trial.trackMany(PENDING);
  await trial.system.end('SIGKILL');
  expect(existsSync(`${storage.path}-wal`), 'a WAL was left behind');
  return storage;
}

/** Moves what is in the WAL into the database, as happens by itself when there is more of it. */
function checkpoint(path, library) {
  const Libsql = createRequire(join(library, 'index.js'))('libsql');
  const database = new Libsql(path);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

async function bootDamaged(template, damage, seed, tools) {
  const folder = await makeFolder('damaged');
  const path = join(folder, 'tracking.db');
  await cp(template.folder, folder, { recursive: true });
  const remove = () => rm(folder, { recursive: true, force: true });
  const trial = new Trial({ ...tools, storage: { url: `file:${path}`, remove } });
  try {
    await DAMAGES[damage]({ path }, randomFrom(seed + 1));
    await trial.boot();
    await trial.deliversFresh();
    const isAside = (await readdir(folder)).some((name) => name.includes('.damaged-'));
    const { storageHealth } = (await trial.system.get('status')).details;
    expect(
      isAside === (storageHealth.alarm !== undefined),
      `set aside: ${isAside}, and the status says ${JSON.stringify(storageHealth)}`,
    );
    expect(storageHealth.state === 'ready', `the status says ${JSON.stringify(storageHealth)}`);
    for (const lane of await trial.lanes()) {
      const sum = lane.delivered + lane.pending + lane.deadLettered + lane.expired + lane.dropped;
      expect(lane.accepted === sum && lane.pending >= 0, `counts: ${JSON.stringify(lane)}`);
      // Who cuts a WAL takes its commits away, and nothing tells that they ever were.
      const left = damage.includes('WAL') ? PENDING : 2 * PENDING;
      expect(
        isAside || lane.accepted > left,
        `no alarm, and of ${left} entries that were stored the counts know ${lane.accepted - 1}`,
      );
    }
    return { isGood: true, damage, isAside };
  } catch (error) {
    return {
      isGood: false,
      damage,
      reason: `${damage} (seed ${seed}): ${error.message.split('\n', 2).join(' ')}`,
    };
  } finally {
    await trial.end();
  }
}

/** The same damage in every run. */
function randomFrom(seed) {
  let state = seed * 2_654_435_769;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function overwrite(path, at, bytes) {
  const file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, at);
  await file.close();
}

async function scribble(path, count, random) {
  const { size } = await stat(path);
  const file = await open(path, 'r+');
  for (let done = 0; done < count; done += 1)
    await file.write(Buffer.from([random() * 256]), 0, 1, Math.floor(random() * size));
  await file.close();
}

async function cut(path, share) {
  const { size } = await stat(path);
  await truncate(path, Math.floor(size * share));
}
