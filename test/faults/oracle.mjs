import { createHash } from 'node:crypto';
import http from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * The platforms in a process of their own, which no case ends. Each case has a room: a prefix of the path,
 * with faults of its own. Every request is told to the judge when it has arrived, and again when its
 * answer has left.
 *
 * Beyond what `PlatformStub` can do: `hold` takes the request and answers when told to, `poison` refuses
 * each batch that holds one of some events, without saying which.
 */
const { library, backlog } = JSON.parse(process.argv[2]);
const { answerOf, platformOf } = createRequire(import.meta.url)(
  join(library, 'testing/platform-answers.js'),
);

const SUCCESS = { kind: 'success' };
/** What a platform has read to the end and has not refused may count there, whatever came back. */
const TAKES = new Set(['success', 'slow', 'hold', 'hang', 'flood']);

const standing = new Map();
const scripts = new Map();
const held = new Map();
let requestCount = 0;

const server = http.createServer((request, response) => {
  const arrivedAtMs = Date.now();
  const chunks = [];
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const [, room, path] = /^\/(room-\d+)(\/.*)$/.exec(request.url) ?? [];
    const platform = platformOf({ url: path, headers: request.headers });
    const lane = `${room} ${platform}`;
    const body = parse(Buffer.concat(chunks).toString('utf8'));
    const events = eventsIn(platform, body);
    const fault = faultFor(lane, events);
    const id = `${process.pid}-${(requestCount += 1)}`;
    const isTaken = TAKES.has(fault.kind);
    process.send({
      kind: 'arrived',
      id,
      room,
      platform,
      arrivedAtMs,
      isTaken,
      fault: fault.kind,
      events,
    });
    response.on('close', () => {
      const kind = response.writableFinished ? 'answered' : 'closed';
      process.send({ kind, id, room, atMs: Date.now() });
    });
    respond(lane, platform, fault, body, request, response);
  });
});
server.keepAliveTimeout = 2_000;

function faultFor(lane, events) {
  const fault = scripts.get(lane)?.shift() ?? standing.get(lane) ?? SUCCESS;
  if (fault.kind !== 'poison') return fault;
  return events.some(([eventId]) => fault.eventIds.includes(eventId))
    ? { kind: 'validation-error' }
    : SUCCESS;
}

function respond(lane, platform, fault, body, request, response) {
  if (fault.kind === 'reset') return request.socket.destroy();
  if (fault.kind === 'hold') {
    held.set(lane, [
      ...(held.get(lane) ?? []),
      () => respond(lane, platform, SUCCESS, body, request, response),
    ]);
    return undefined;
  }
  if (fault.kind === 'flood') return flood(response, fault.bytes);
  const answer = answerOf(platform, fault, body, false);
  if (answer === undefined) return undefined;
  const { headersAfterMs = 0, bodyAfterMs = 0 } = fault;
  return later(headersAfterMs, () => {
    response.writeHead(answer.status, answer.headers);
    if (bodyAfterMs > 0) response.flushHeaders();
    later(bodyAfterMs, () => response.end(answer.body));
  });
}

function flood(response, bytes) {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  const chunk = Buffer.alloc(65_536, 0x20);
  let left = bytes;
  const write = () => {
    while (left > 0 && !response.destroyed) {
      left -= chunk.length;
      if (!response.write(chunk)) return void response.once('drain', write);
    }
    // Ended after it was cut off, it would count as one whose answer has left.
    if (!response.destroyed) response.end();
  };
  write();
}

function later(delayMs, action) {
  if (delayMs > 0) setTimeout(action, delayMs);
  else action();
}

/** Pairs of an event's ID and the hash of all that the request says about it. */
function eventsIn(platform, body) {
  if (platform === 'ga4' || platform === 'serverGtm') {
    // The time of the request is that of its first event; each event has its own besides.
    const { events = [], timestamp_micros: _time, ...visitor } = body ?? {};
    return events.map((event) => [event.params.transaction_id, hash([visitor, event])]);
  }
  const events = body?.data ?? [];
  return events.map((event) => [event.event_id.replace(/^purchase:/, ''), hash(event)]);
}

function hash(value) {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 16);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const COMMANDS = {
  behave: ({ lane, fault }) => standing.set(lane, fault),
  script: ({ lane, faults }) => scripts.set(lane, faults),
  release: ({ lane }) => {
    for (const answer of held.get(lane) ?? []) answer();
    held.delete(lane);
  },
};

process.on('message', ({ command, ...rest }) => {
  COMMANDS[command](rest);
  process.send({ kind: 'done' });
});
process.on('disconnect', () => process.exit());
server.listen({ port: 0, host: '127.0.0.1', backlog }, () =>
  process.send({ url: `http://127.0.0.1:${server.address().port}` }),
);
