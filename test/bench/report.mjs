import os from 'node:os';

import { median } from './statistics.mjs';

/** The figures as Markdown: medians over the rounds, ratios within a round. */
export function renderReport({ delivery, flooded, calls, capture, imports, storage }) {
  return [
    machine(delivery),
    '## One purchase, every one another visitor',
    ...['three', 'two', 'one'].map((setUp) => deliveryTable(delivery, setUp)),
    '## The same, all of them at once',
    floodedTable(flooded),
    '## One call of `trackPurchase` on the host\u2019s thread, three platforms',
    callTable(calls),
    '## One captured request (`context.captureRequests`)',
    captureTable(capture),
    "## `require('nestjs-server-tracking')`, Meta not enabled",
    importTable(imports),
    '## Storages by themselves, entries of 1.5 kB',
    burstTable(storage.bursts),
    flowTable(storage.flows),
    backlogTable(storage.backlogs),
    eraseTable(storage.erasures),
  ].join('\n\n');
}

function machine(delivery) {
  const cores = os.cpus();
  const rounds = delivery[0].rounds.length;
  return `Node ${process.version}, ${cores.length} cores (${cores[0].model.trim()}), ${process.platform}; medians of ${rounds} rounds. Read the ratios, not the absolutes.`;
}

function deliveryTable(delivery, setUp) {
  const results = delivery.filter((result) => result.setUp === setUp);
  const hand = results.find(({ kind }) => kind === 'hand');
  const ours = results.filter(({ kind }) => kind.startsWith('ours'));
  const rows = results.map((result) => {
    const { rounds } = result;
    const void_ = rounds.filter(({ isVoid }) => isVoid).length;
    if (void_ > 0) return [result.name, `void: events missing in ${void_} rounds`];
    const requests = Object.values(rounds[0].arrived).reduce((sum, at) => sum + at.requests, 0);
    const events = Math.max(...Object.values(rounds[0].arrived).map((at) => at.events));
    return [
      result.name,
      Math.round(median(rounds.map(({ cpuMicros }) => cpuMicros))),
      Math.round(median(rounds.map(({ eventsPerSecond }) => eventsPerSecond))),
      (requests / events).toFixed(3),
      `${timesCheaper(result, hand).toFixed(2)} \u00d7`,
      ...ours.map((one) =>
        one === result ? '' : `${timesCheaper(one, result).toFixed(2)} \u00d7`,
      ),
    ];
  });
  return table(
    [
      'subject',
      'CPU \u00b5s/event',
      'events/s',
      'requests/event',
      'cheaper than hand-written',
      ...ours.map(({ kind }) => `${kind} is cheaper by`),
    ],
    rows,
  );
}

function floodedTable(flooded) {
  const rows = flooded.map(({ name, rounds }) => [
    `${name}: ${rounds[0].count}`,
    Math.round(median(rounds.map(({ cpuMicros }) => cpuMicros))),
    Math.round(median(rounds.map(({ eventsPerSecond }) => eventsPerSecond))),
    rounds.some(({ isVoid }) => isVoid) ? 'void' : '',
  ]);
  return table(['subject', 'CPU \u00b5s/event', 'events/s', ''], rows);
}

/** How many times less CPU per event `cheap` takes than `dear`. */
function timesCheaper(cheap, dear) {
  return median(
    cheap.rounds.map(({ cpuMicros }, round) => dear.rounds[round].cpuMicros / cpuMicros),
  );
}

function callTable(calls) {
  const row = (name, key) => [
    name,
    ...['p50', 'p90', 'p99'].map((rank) => median(calls.map((call) => call[key][rank])).toFixed(1)),
  ];
  return table(
    ['microseconds', 'p50', 'p90', 'p99'],
    [row('until the promise is returned', 'returned'), row('until it is resolved', 'accepted')],
  );
}

function captureTable(capture) {
  const rows = capture.flatMap(({ platform, rounds }) =>
    [
      [`${platform}: added to every request`, 'added'],
      [`${platform}: the first reading`, 'read'],
    ].map(([name, key]) => [
      name,
      ...['p50', 'p90'].map((rank) => median(rounds.map((round) => round[key][rank])).toFixed(1)),
    ]),
  );
  return table(['microseconds', 'p50', 'p90'], rows);
}

function importTable(imports) {
  const rows = imports.map(({ name, rounds }) => [
    name,
    ...['milliseconds', 'rssMegabytes', 'heapMegabytes', 'commonJsFiles'].map((key) =>
      median(rounds.map((round) => round[key])).toFixed(key === 'commonJsFiles' ? 0 : 1),
    ),
    rounds.some(({ isMetaSdkLoaded }) => isMetaSdkLoaded) ? 'yes' : 'no',
  ]);
  return table(['beyond', 'ms', 'RSS MB', 'heap MB', 'CommonJS files', 'loads the Meta SDK'], rows);
}

function burstTable(bursts) {
  const rows = bursts.map(({ kind, burst, rounds }) => [
    `${kind}: ${burst} entries at once`,
    ...['elapsedMs', 'perSecond', 'cpuMicros', 'longestStallMs', 'memoryMegabytes'].map((key) =>
      median(rounds.map((round) => round[key])).toFixed(key === 'cpuMicros' ? 1 : 0),
    ),
    rounds.some(({ isVoid }) => isVoid) ? 'void' : '',
  ]);
  return table(
    [
      'storage',
      'durable after ms',
      'entries/s',
      'CPU \u00b5s/entry',
      'longest stall ms',
      'memory MB',
      '',
    ],
    rows,
  );
}

function flowTable(flows) {
  const rows = flows.map(({ kind, rounds }) => [
    `${kind}: an event for three destinations, from append to its end`,
    median(rounds.map(({ cpuMicros }) => cpuMicros)).toFixed(1),
    rounds.some(({ isVoid }) => isVoid) ? 'void' : '',
  ]);
  return table(['events that come and go', 'CPU \u00b5s/event', ''], rows);
}

function backlogTable(backlogs) {
  const rows = backlogs.map(({ kind, size, cpuMicros, memoryBytesPerEntry }) => [
    `${kind}: ${size} entries wait`,
    cpuMicros.toFixed(1),
    memoryBytesPerEntry.toFixed(0),
  ]);
  return table(['backlog', 'CPU \u00b5s per new entry', 'memory bytes per waiting entry'], rows);
}

function eraseTable(erasures) {
  const rows = erasures.map(({ kind, burst, erased, elapsedMs, longestStallMs, isVoid }) => [
    `${kind}: ${erased} of ${burst} pending entries`,
    elapsedMs.toFixed(0),
    longestStallMs.toFixed(0),
    isVoid ? 'void' : '',
  ]);
  return table(['erasing a person', 'complete after ms', 'longest stall ms', ''], rows);
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_name, index) => (index === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map(line).join('\n');
}
