import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** What `require('nestjs-server-tracking')` costs a process that has loaded the named modules already. */
const fromRoot = createRequire(new URL('../../package.json', import.meta.url));
for (const name of process.argv.slice(2)) {
  // @nestjs/axios imports axios as an ES module; `require` would load another copy of it.
  if (name === 'axios') {
    await import(new URL('index.js', pathToFileURL(fromRoot.resolve('axios/package.json'))));
  } else {
    fromRoot(name);
  }
}

globalThis.gc();
const before = process.memoryUsage();
const loadedBefore = Object.keys(fromRoot.cache).length;
const startedAt = process.hrtime.bigint();
fromRoot('nestjs-server-tracking');
const milliseconds = Number(process.hrtime.bigint() - startedAt) / 1e6;
const rss = process.memoryUsage().rss - before.rss;
globalThis.gc();
const heap = process.memoryUsage().heapUsed - before.heapUsed;
const files = Object.keys(fromRoot.cache);

process.send(
  {
    milliseconds,
    rssMegabytes: rss / 1_048_576,
    heapMegabytes: heap / 1_048_576,
    commonJsFiles: files.length - loadedBefore,
    isMetaSdkLoaded: files.some((file) => file.includes('facebook-nodejs-business-sdk')),
  },
  () => process.exit(),
);
