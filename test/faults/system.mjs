import { readdirSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** A shop on the built library: a real Nest application on Express, which the judge ends at will. */
const { library, options } = JSON.parse(process.argv[2]);

const fromLibrary = createRequire(join(library, 'index.js'));
const { Body, Controller, Get, Inject, Module, Post } = fromLibrary('@nestjs/common');
const { NestFactory } = fromLibrary('@nestjs/core');
const { ServerTrackingService, TrackingModule } = fromLibrary('./index.js');
const { TRACKING_PARTS } = fromLibrary('./tracking.tokens.js');

const loopDelay = monitorEventLoopDelay({ resolution: 5 });
loopDelay.enable();
const activities = [];

class ShopController {
  constructor(tracking) {
    this.tracking = tracking;
  }

  track({ id }) {
    return this.tracking.trackPurchase(purchase(id));
  }

  /** A backlog without a request for each event. Answers with the receipts, in order. */
  async trackMany({ ids }) {
    const receipts = [];
    for (let at = 0; at < ids.length; at += 500) {
      const wave = ids.slice(at, at + 500).map((id) => this.tracking.trackPurchase(purchase(id)));
      receipts.push(...(await Promise.all(wave)));
    }
    return receipts;
  }

  stats() {
    return this.tracking.stats();
  }

  status() {
    return this.tracking.getStatus();
  }

  async deadLetters() {
    const letters = await outbox().deadLetters({ limit: 100_000 });
    return letters.map(({ entry, reason, attempts }) => ({
      id: entry.eventId.replace(/^purchase:/, ''),
      destination: entry.destination,
      reason,
      attempts,
    }));
  }

  activity() {
    return activities;
  }

  figures() {
    return {
      rssBytes: process.memoryUsage.rss(),
      maxLoopDelayMs: loopDelay.max / 1e6,
      sockets: openSockets(),
    };
  }
}

const ROUTES = {
  track: Post('track'),
  trackMany: Post('track-many'),
  stats: Get('stats'),
  status: Get('status'),
  deadLetters: Get('dead-letters'),
  activity: Get('activity'),
  figures: Get('figures'),
};
for (const [name, route] of Object.entries(ROUTES)) {
  route(
    ShopController.prototype,
    name,
    Object.getOwnPropertyDescriptor(ShopController.prototype, name),
  );
  if (name.startsWith('track')) Body()(ShopController.prototype, name, 0);
}
Controller()(ShopController);
Inject(ServerTrackingService)(ShopController, undefined, 0);

class ShopModule {}
Module({ imports: [TrackingModule.forRoot(options)], controllers: [ShopController] })(ShopModule);

const app = await NestFactory.create(ShopModule, { logger: ['warn', 'error'], bodyParser: false });
app.useBodyParser('json', { limit: '20mb' });
app.enableShutdownHooks();
app.get(ServerTrackingService).onActivity(({ kind, destination, eventId }) => {
  if (kind === 'accepted' || kind === 'delivered') return;
  activities.push({ kind, destination, id: eventId?.replace(/^purchase:/, ''), atMs: Date.now() });
});
await app.listen(0, '127.0.0.1');
process.send({ port: app.getHttpServer().address().port });
process.on('disconnect', () => process.exit());

/** All that the process holds, the idle ones too, where the system tells. */
function openSockets() {
  if (process.platform !== 'linux')
    return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false; // The directory's own descriptor is closed by now.
    }
  }).length;
}

function outbox() {
  return app.get(TRACKING_PARTS, { strict: false }).outbox;
}

function purchase(id) {
  return {
    orderId: id,
    value: 49.9,
    currency: 'EUR',
    items: [{ id: 'sku-1', name: 'Espresso cups, set of four', price: 24.95, quantity: 2 }],
    user: {
      id: `user-${id}`,
      email: `${id}@example.com`,
      phone: '+49 30 901820',
      firstName: 'Ada',
      lastName: 'Lovelace',
      city: 'Berlin',
      country: 'DE',
    },
    context: {
      ip: '203.0.113.7',
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      url: 'https://shop.example.com/thanks',
    },
    consent: {
      adStorage: 'granted',
      adUserData: 'granted',
      adPersonalization: 'granted',
      analyticsStorage: 'granted',
    },
  };
}
