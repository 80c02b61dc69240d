import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';

const SAMPLING_MICROS = 200;

/** Runs the work, under the profiler if there is a file to write to. */
export async function profiled(file, work) {
  if (!file) return work();
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLING_MICROS });
  await session.post('Profiler.start');
  const result = await work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  await writeFile(file, JSON.stringify(profile));
  return result;
}

/** The functions that took the most time by themselves, as a Markdown table. */
export function topFunctions({ nodes, samples, timeDeltas }, count) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const selfMicros = new Map();
  let busyMicros = 0;
  for (const [index, id] of samples.entries()) {
    const { functionName, url, lineNumber } = byId.get(id).callFrame;
    if (functionName === '(idle)') continue;
    const file = url.replace(/^.*\/(?=(?:dist|node_modules|test)\/)/, '').replace(/^file:\/\//, '');
    const key = `${functionName || '(anonymous)'} | ${file === '' ? '' : `${file}:${lineNumber + 1}`}`;
    selfMicros.set(key, (selfMicros.get(key) ?? 0) + timeDeltas[index]);
    busyMicros += timeDeltas[index];
  }
  const rows = [...selfMicros]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([key, micros]) => `| ${((100 * micros) / busyMicros).toFixed(1)} % | ${key} |`);
  return ['| self | function | where |', '| ---: | --- | --- |', ...rows].join('\n');
}
