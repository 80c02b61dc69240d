import { PLATFORMS } from './accounts.mjs';
import { figuresOf } from './child.mjs';

/**
 * Every subject once a round, in an order that moves on by one, so that a busy moment of the machine does
 * not always meet the same one.
 *
 * @returns for each subject the figures of every round; `isVoid` where an event did not arrive.
 */
export async function measureDelivery(stub, subjects, rounds, scale) {
  const results = subjects.map((subject) => ({ ...subject, rounds: [] }));
  for (let round = 0; round < rounds; round += 1) {
    const order = [...results.slice(round), ...results.slice(0, round)];
    for (const result of order) result.rounds.push(await deliverOnce(stub, result, scale));
  }
  return results;
}

async function deliverOnce(stub, { kind, setUp, count, warmUp, atOnce }, scale) {
  const sent = [warmUp, count].map((events) => Math.round(events * scale));
  await stub.report();
  const figures = await figuresOf('worker.mjs', [kind, setUp, stub.url, ...sent, atOnce]);
  const { platforms, cpuMs } = await stub.report();
  const expected = sent[0] + sent[1];
  const isVoid = PLATFORMS[setUp].some((platform) => platforms[platform].events !== expected);
  return { ...figures, count: sent[1], isVoid, arrived: platforms, stubCpuMs: cpuMs };
}

export async function measureCalls(stub, rounds, count) {
  const results = [];
  for (let round = 0; round < rounds; round += 1) {
    results.push(await figuresOf('call-worker.mjs', ['three', stub.url, 1_500, count]));
  }
  return results;
}

export async function measureCapture(rounds, requests) {
  const results = ['express', 'fastify'].map((platform) => ({ platform, rounds: [] }));
  for (let round = 0; round < rounds; round += 1)
    for (const { platform, rounds: figures } of results)
      figures.push(await figuresOf('capture-worker.mjs', [platform, requests]));
  return results;
}

const HOST = ['@nestjs/common', '@nestjs/core', 'axios'];
const BASES = [
  { name: 'NestJS and axios', modules: HOST },
  {
    name: 'NestJS, axios, @nestjs/axios and @nestjs/config',
    modules: [...HOST, '@nestjs/axios', '@nestjs/config'],
  },
];

export async function measureImport(rounds) {
  const results = BASES.map((base) => ({ ...base, rounds: [] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const result of results) {
      result.rounds.push(await figuresOf('import-worker.mjs', result.modules));
    }
  }
  return results;
}

const BACKLOGS = { sqlite: [1_000, 10_000, 100_000, 1_000_000], redis: [1_000, 10_000, 100_000] };

/** Storages by themselves: a burst made durable, events that come and go, and what an entry costs beside a backlog. */
export async function measureStorage(rounds, burst, isQuick) {
  const bursts = (await onAllStorages(rounds, 'burst', burst)).map((one) => ({ ...one, burst }));
  const flows = await onAllStorages(rounds, 'flow', isQuick ? 2_000 : 6_000);
  const backlogs = [];
  for (const [kind, sizes] of Object.entries(BACKLOGS)) {
    for (const size of isQuick ? sizes.slice(0, 2) : sizes)
      backlogs.push({
        kind,
        size,
        ...(await figuresOf('storage-worker.mjs', [kind, 'backlog', size])),
      });
  }
  const erasures = [];
  for (const kind of ['memory', 'sqlite', 'redis'])
    for (const task of ['erase-all', 'erase-few'])
      erasures.push({
        kind,
        task,
        burst,
        ...(await figuresOf('storage-worker.mjs', [kind, task, burst])),
      });
  return { bursts, flows, backlogs, erasures };
}

async function onAllStorages(rounds, task, amount) {
  const results = [];
  for (const kind of ['memory', 'sqlite', 'redis']) {
    const figures = [];
    for (let round = 0; round < rounds; round += 1)
      figures.push(await figuresOf('storage-worker.mjs', [kind, task, amount]));
    results.push({ kind, rounds: figures });
  }
  return results;
}
