import http from 'node:http';

/**
 * The platforms in a process of their own. Answers as each of them does for good events, and keeps the IDs
 * of what arrived: an event that came twice counts once. Speaks to its parent over IPC.
 */
const EVENT_IDS = {
  meta: /"event_id":"([^"]+)"/g,
  tiktok: /"event_id":"([^"]+)"/g,
  ga4: /"transaction_id":"([^"]+)"/g,
};
const TIKTOK_ANSWER = JSON.stringify({
  code: 0,
  message: 'OK',
  request_id: '20260115100000010203040506',
  data: {},
});

let arrived = nothing();
let startedCpu = process.cpuUsage();

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const platform = platformOf(request.url);
    if (platform === undefined) {
      response.writeHead(404).end();
      return;
    }
    const count = record(platform, Buffer.concat(chunks).toString('utf8'));
    if (platform === 'ga4') response.writeHead(204).end();
    else respond(response, platform === 'meta' ? metaAnswer(count) : TIKTOK_ANSWER);
  });
});
server.keepAliveTimeout = 60_000;

function platformOf(url) {
  if (url.startsWith('/mp/collect')) return 'ga4';
  if (url.endsWith('/event/track/')) return 'tiktok';
  return /^\/v\d+\.\d+\/\d+\/events(?:\?|$)/.test(url) ? 'meta' : undefined;
}

function record(platform, text) {
  const { ids } = arrived[platform];
  let count = 0;
  for (const [, id] of text.matchAll(EVENT_IDS[platform])) {
    ids.add(id);
    count += 1;
  }
  arrived[platform].requests += 1;
  arrived[platform].characters += text.length;
  return count;
}

function metaAnswer(count) {
  return JSON.stringify({ events_received: count, messages: [], fbtrace_id: 'AbCdEf123' });
}

function respond(response, body) {
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

function nothing() {
  const empty = () => ({ ids: new Set(), requests: 0, characters: 0 });
  return { meta: empty(), tiktok: empty(), ga4: empty() };
}

process.on('message', () => {
  const { user, system } = process.cpuUsage(startedCpu);
  const platforms = Object.entries(arrived).map(([name, { ids, requests, characters }]) => [
    name,
    { events: ids.size, requests, characters },
  ]);
  process.send({ platforms: Object.fromEntries(platforms), cpuMs: (user + system) / 1_000 });
  arrived = nothing();
  startedCpu = process.cpuUsage();
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () =>
  process.send({ url: `http://127.0.0.1:${server.address().port}` }),
);
