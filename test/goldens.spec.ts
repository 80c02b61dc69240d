import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  ServerTrackingService,
  TrackingModule,
  systemClock,
  type Clock,
  type DestinationName,
  type JsonValue,
  type TrackingEvent,
  type TrackingModuleOptions,
} from 'nestjs-server-tracking';
import { PlatformStub } from 'nestjs-server-tracking/testing';

import { EVENTS, SENT_AT_MS } from './goldens/events';
import { GA4_BODIES, GA4_GOLDENS, GA4_REQUEST } from './goldens/ga4.golden';
import type { Golden } from './goldens/golden';
import { META_BODIES, META_GOLDENS, META_REQUEST } from './goldens/meta.golden';
import {
  SERVER_GTM_BODIES,
  SERVER_GTM_GOLDENS,
  SERVER_GTM_REQUEST,
} from './goldens/server-gtm.golden';
import { TIKTOK_BODIES, TIKTOK_GOLDENS, TIKTOK_REQUEST } from './goldens/tiktok.golden';

/** Where a platform is reached, what it gets for each event, and what its options change. */
interface PlatformGoldens {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query: Readonly<Record<string, string>>;
    readonly headers: Readonly<Record<string, string>>;
  };
  readonly bodies: Readonly<Partial<Record<keyof typeof EVENTS, JsonValue>>>;
  readonly goldens: readonly Golden<object>[];
}

const PLATFORMS: Readonly<Record<DestinationName, PlatformGoldens>> = {
  meta: { request: META_REQUEST, bodies: META_BODIES, goldens: META_GOLDENS },
  tiktok: { request: TIKTOK_REQUEST, bodies: TIKTOK_BODIES, goldens: TIKTOK_GOLDENS },
  ga4: { request: GA4_REQUEST, bodies: GA4_BODIES, goldens: GA4_GOLDENS },
  serverGtm: {
    request: SERVER_GTM_REQUEST,
    bodies: SERVER_GTM_BODIES,
    goldens: SERVER_GTM_GOLDENS,
  },
};

/** The time stands still; what waits for nothing else goes on at once. */
const STANDING_CLOCK: Clock = { ...systemClock, now: () => SENT_AT_MS };

let stub: PlatformStub;
let app: INestApplication;

beforeAll(async () => {
  stub = await PlatformStub.start();
  app = await startApplication({});
});

beforeEach(() => {
  stub.reset();
});

afterAll(async () => {
  await app.close();
  await stub.close();
});

async function startApplication(options: TrackingModuleOptions): Promise<INestApplication> {
  const module = await Test.createTestingModule({
    imports: [
      TrackingModule.forRoot({
        ...stub.options(),
        ...options,
        clock: STANDING_CLOCK,
        delivery: { lingerMs: 0 },
      }),
    ],
  }).compile();
  const application = module.createNestApplication();
  application.useLogger(false);
  await application.init();
  return application;
}

/** Everything that arrived at the platform for one event, each request by its parts. */
async function whatArrives(at: INestApplication, platform: DestinationName, event: TrackingEvent) {
  await at
    .get(ServerTrackingService)
    .track({ ...event, only: [platform] }, { until: 'settled', timeoutMs: 3_000 });
  return stub.requests.map(({ method, url, headers, json }) => {
    const { pathname, searchParams } = new URL(url, stub.url);
    return {
      method,
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: pick(headers, [
        'content-type',
        'authorization',
        'access-token',
        'x-gtm-server-preview',
        'cookie',
      ]),
      body: json,
    };
  });
}

function pick(headers: Readonly<Record<string, unknown>>, names: readonly string[]) {
  return Object.fromEntries(
    names.filter((name) => name in headers).map((name) => [name, headers[name]]),
  );
}

describe.each(Object.entries(PLATFORMS) as [DestinationName, PlatformGoldens][])(
  'what arrives at %s',
  (platform, { request, bodies, goldens }) => {
    it.each(Object.entries(bodies) as [keyof typeof EVENTS, JsonValue][])(
      'for %s',
      async (name, body) => {
        expect(await whatArrives(app, platform, EVENTS[name])).toEqual([{ ...request, body }]);
      },
    );

    it.each(goldens)('$rule', async ({ event, body, options, url, headers }) => {
      const other = await startApplication({
        [platform]: { ...stub.options()[platform], ...options },
      });
      try {
        expect(await whatArrives(other, platform, event)).toEqual([
          { ...request, ...url, headers: { ...request.headers, ...headers }, body },
        ]);
      } finally {
        await other.close();
      }
    });
  },
);

it('TikTok gets no refund unless the host wants it so', async () => {
  expect(await whatArrives(app, 'tiktok', EVENTS.refund)).toEqual([]);
});
