import http from 'node:http';
import { createRequire } from 'node:module';

/**
 * What capturing adds to a request of a real application, from the server's first middleware or hook to the
 * handler, and what the first reading of the request costs there.
 */
const [platform, requests] = process.argv.slice(2);
const fromRoot = createRequire(new URL('../../package.json', import.meta.url));
const { NestFactory } = fromRoot('@nestjs/core');
const { Controller, Get, Inject, Req } = fromRoot('@nestjs/common');
const { ServerTrackingService, TrackingModule } = fromRoot('nestjs-server-tracking');
const { TRACKING_REQUEST_SCOPE } = fromRoot('./dist/tracking.tokens.js');

const HEADERS = {
  'user-agent':
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15',
  'accept-language': 'en-GB,en;q=0.9',
  'x-forwarded-for': '203.0.113.7',
  referer: 'https://shop.example.com/signup?fbclid=IwAR0abcDEF',
  cookie:
    '_fbp=fb.1.1759990000000.1098115397; _ttp=2F7h37YkS1j57AYSKTI7IHhJPYH; _ga=GA1.1.1162820436.1749482504; _ga_EXAMPLE1=GS2.1.s1747132561$o1$g0$t1747132655$j0$l0$h0; session=s%3Aabcdef',
};

const startedAt = new WeakMap();
const figures = {};
const apps = [];
for (const captureRequests of [false, true]) {
  const samples = { handler: [], read: [] };
  const app = await startApp(captureRequests, samples);
  apps.push({ captureRequests, samples, app, url: await app.getUrl() });
}
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
for (const count of [Number(requests) / 2, Number(requests)]) {
  // The two take turns, so that a busy moment of the machine meets both.
  for (const { samples } of apps) for (const list of Object.values(samples)) list.length = 0;
  for (let at = 0; at < count; at += 1) for (const { url } of apps) await get(url);
}
const [off, on] = apps.map(({ samples }) => samples);
figures.added = Object.fromEntries(
  [0.5, 0.9].map((rank) => [`p${rank * 100}`, at(on.handler, rank) - at(off.handler, rank)]),
);
figures.read = Object.fromEntries([0.5, 0.9].map((rank) => [`p${rank * 100}`, at(on.read, rank)]));
agent.destroy();
for (const { app } of apps) await app.close();
process.send(figures, () => process.exit());

async function startApp(captureRequests, samples) {
  class Pages {
    constructor(scope) {
      this.scope = scope;
    }

    page(request) {
      const handledAt = process.hrtime.bigint();
      samples.handler.push(Number(handledAt - startedAt.get(request.raw ?? request)) / 1_000);
      if (captureRequests) {
        const readAt = process.hrtime.bigint();
        if (this.scope.current().context.ip !== '203.0.113.7') throw new Error('not read');
        samples.read.push(Number(process.hrtime.bigint() - readAt) / 1_000);
      }
      return 'page';
    }
  }
  Inject(TRACKING_REQUEST_SCOPE)(Pages, undefined, 0);
  Req()(Pages.prototype, 'page', 0);
  Get()(Pages.prototype, 'page', Object.getOwnPropertyDescriptor(Pages.prototype, 'page'));
  Controller()(Pages);
  const root = class BenchModule {};
  const module = {
    module: root,
    imports: [TrackingModule.forRoot({ context: { captureRequests, trustProxy: 'loopback' } })],
    controllers: [Pages],
  };
  const options = { logger: ['error'] };
  const mark = (request) => startedAt.set(request, process.hrtime.bigint());
  if (platform === 'fastify') {
    const { FastifyAdapter } = fromRoot('@nestjs/platform-fastify');
    const adapter = new FastifyAdapter();
    adapter.getInstance().addHook('onRequest', (request, _reply, done) => {
      mark(request.raw);
      done();
    });
    const app = await NestFactory.create(module, adapter, options);
    await app.listen(0, '127.0.0.1');
    return app;
  }
  const app = await NestFactory.create(module, options);
  app.use((request, _response, next) => {
    mark(request);
    next();
  });
  await app.listen(0, '127.0.0.1');
  return app;
}

function get(url) {
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent, headers: HEADERS }, (response) => {
        response.resume();
        response.on('end', resolve);
      })
      .on('error', reject);
  });
}

function at(samples, rank) {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * rank)];
}
