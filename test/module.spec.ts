import { HttpModule, HttpService } from '@nestjs/axios';
import { Inject, Injectable, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import nock from 'nock';
import {
  Ga4MeasurementService,
  InvalidOptionsError,
  MetaConversionsService,
  ServerGtmService,
  ServerTrackingService,
  TikTokEventsService,
  TrackingModule,
  optionsFromEnv,
  type TrackingModuleOptions,
  type TrackingOptionsFactory,
} from 'nestjs-server-tracking';
import { StripeTrackingModule } from 'nestjs-server-tracking/stripe';
import { PlatformStub, aPurchase, aRegistration } from 'nestjs-server-tracking/testing';

import { RecordingLogger } from './support/recording-logger';

async function start(
  ...imports: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>
) {
  const module = await Test.createTestingModule({ imports })
    .setLogger(new RecordingLogger())
    .compile();
  const app = module.createNestApplication();
  await app.init();
  return app;
}

let stub: PlatformStub;

beforeAll(async () => {
  stub = await PlatformStub.start();
});
afterAll(() => stub.close());
beforeEach(() => stub.reset());

describe('TrackingModule', () => {
  const settled = { until: 'settled' } as const;

  @Injectable()
  class OptionsFromClass implements TrackingOptionsFactory {
    createTrackingOptions(): TrackingModuleOptions {
      return { meta: stub.options().meta, logger: new RecordingLogger() };
    }
  }

  @Module({ providers: [OptionsFromClass], exports: [OptionsFromClass] })
  class OptionsModule {}

  it.each<[string, () => Parameters<typeof TrackingModule.forRootAsync>[0]]>([
    [
      'useFactory',
      () => ({
        imports: [ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => stub.env()] })],
        inject: [ConfigService],
        useFactory: (config: ConfigService) =>
          Promise.resolve(optionsFromEnv((name) => config.get(name))),
      }),
    ],
    ['useClass', () => ({ useClass: OptionsFromClass })],
    ['useExisting', () => ({ imports: [OptionsModule], useExisting: OptionsFromClass })],
  ])('takes its options from forRootAsync with %s', async (_name, options) => {
    const app = await start(TrackingModule.forRootAsync(options()));
    const receipt = await app
      .get(ServerTrackingService)
      .trackPurchase(aPurchase({ only: ['meta'] }), settled);
    expect(receipt.destinations).toEqual({ meta: { kind: 'delivered' } });
    await app.close();
  });

  it('takes everything from the environment by ConfigModule, without options', async () => {
    const app = await start(
      ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => stub.env()] }),
      TrackingModule.forRoot(),
    );
    expect(app.get(ServerTrackingService).getStatus()).toMatchObject({
      meta: true,
      tiktok: true,
      ga4: true,
      serverGtm: true,
      overall: true,
    });
    await app.close();
  });

  it('starts without any credentials, with everything disabled', async () => {
    const app = await start(TrackingModule.forRoot({ logger: new RecordingLogger() }));
    const tracking = app.get(ServerTrackingService);
    expect(tracking.getStatus()).toMatchObject({
      meta: false,
      tiktok: false,
      ga4: false,
      serverGtm: false,
      overall: true,
    });
    expect(await tracking.trackPurchase(aPurchase(), settled)).toMatchObject({
      status: 'skipped',
      destinations: {},
      problems: [],
    });
    await app.close();
  });

  it('does not start on half a credential, and tells all problems at once', async () => {
    const failed: unknown = await start(
      TrackingModule.forRoot({
        meta: { pixelId: '1' } as never,
        ga4: { measurementId: 'x', apiSecret: '' },
      }),
    ).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(InvalidOptionsError);
    expect((failed as InvalidOptionsError).problems.map(({ field }) => field)).toEqual([
      'meta.accessToken',
      'ga4.apiSecret',
      'ga4.measurementId',
    ]);
  });

  it('says at the start who gets events, which consent policy holds, and what to watch out for', async () => {
    const logger = new RecordingLogger();
    const options = stub.options();
    const app = await start(
      TrackingModule.forRoot({
        meta: { ...options.meta, testEventCode: 'TEST12345' },
        ga4: options.ga4,
        serverGtm: { ...options.serverGtm, measurementId: options.ga4.measurementId },
        logger,
      }),
    );
    expect(logger.of('log').join('\n')).toContain(
      `meta → ${stub.url}/v25.0/1234567890123456/events`,
    );
    expect(logger.of('log').join('\n')).toContain('consent that is unknown: withhold in the EEA');
    expect(logger.of('warn').join('\n')).toMatch(/META_TEST_EVENT_CODE[\s\S]*twice/);
    expect(logger.lines.join('\n')).not.toMatch(/EAAtokenexample|ga4-secret-example/);
    await app.close();
  });

  it('exports the services of single destinations, each limited to its own', async () => {
    const app = await start(
      TrackingModule.forRoot({ ...stub.options(), logger: new RecordingLogger() }),
    );
    const { destinations: meta } = await app
      .get(MetaConversionsService)
      .trackPurchase(aPurchase(), settled);
    const { destinations: tiktok } = await app
      .get(TikTokEventsService)
      .trackAddToCart({ user: { id: 'u' } }, settled);
    const { destinations: ga4 } = await app
      .get(Ga4MeasurementService)
      .trackRegistration(aRegistration(), settled);
    const { destinations: gtm } = await app
      .get(ServerGtmService)
      .trackEvent({ name: 'contact', user: { id: 'u' } }, settled);
    const { destinations: conversion } = await app
      .get(MetaConversionsService)
      .trackConversion({ name: 'lead', user: { id: 'u' } }, settled);
    expect(
      [meta, tiktok, ga4, gtm, conversion].map((destinations) =>
        Object.entries(destinations).map(([name, { kind }]) => [name, kind]),
      ),
    ).toEqual([
      [['meta', 'delivered']],
      [['tiktok', 'delivered']],
      [['ga4', 'delivered']],
      [['serverGtm', 'delivered']],
      [['meta', 'delivered']],
    ]);
    expect(app.get(MetaConversionsService).isEnabled()).toBe(true);
    await app.close();
  });

  it('is global where isGlobal is given as undefined', () => {
    expect(TrackingModule.forRoot({ isGlobal: undefined })).toMatchObject({ global: true });
    expect(StripeTrackingModule.forRoot({ isGlobal: undefined })).toMatchObject({ global: true });
  });

  it('keeps two accounts in one application apart', async () => {
    @Injectable()
    class Sender {
      constructor(@Inject(ServerTrackingService) readonly tracking: ServerTrackingService) {}
    }
    class SenderA extends Sender {}
    class SenderB extends Sender {}
    const account = (pixelId: string, accessToken: string) =>
      TrackingModule.forRoot({
        meta: { pixelId, accessToken, baseUrl: stub.url },
        isGlobal: false,
        logger: new RecordingLogger(),
      });
    @Module({ imports: [account('111', 'TOKEN_A')], providers: [SenderA] })
    class ModuleA {}
    @Module({ imports: [account('222', 'TOKEN_B')], providers: [SenderB] })
    class ModuleB {}
    const app = await start(ModuleA, ModuleB);
    await Promise.all(
      Array.from({ length: 50 }, (_unused, index) => [
        app
          .get(SenderA)
          .tracking.trackPurchase(aPurchase({ orderId: `account-a${10 + index}` }), settled),
        app
          .get(SenderB)
          .tracking.trackPurchase(aPurchase({ orderId: `account-b${10 + index}` }), settled),
      ]).flat(),
    );
    const seen = new Set(
      stub.requests.map(
        ({ url, json }) => `${url} ${(json as { access_token: string }).access_token}`,
      ),
    );
    expect([...seen].sort()).toEqual(['/v25.0/111/events TOKEN_A', '/v25.0/222/events TOKEN_B']);
    for (const { url, json } of stub.requests) {
      const orders = (json as { data: { event_id: string }[] }).data.map(({ event_id }) =>
        event_id.slice(0, -2),
      );
      expect(new Set(orders)).toEqual(
        new Set([url.includes('/111/') ? 'purchase:account-a' : 'purchase:account-b']),
      );
    }
    await app.close();
  });

  it("sends through a host's HttpService, with its interceptors", async () => {
    const app = await start(
      TrackingModule.forRootAsync({
        imports: [HttpModule.register({ headers: { 'X-Gateway': 'eu-1' } })],
        inject: [HttpService],
        useFactory: (httpService: HttpService) => {
          httpService.axiosRef.interceptors.request.use((config) => {
            config.headers.set('X-Trace', 'abc');
            return config;
          });
          return { ...stub.options(), httpService, logger: new RecordingLogger() };
        },
      }),
    );
    const receipt = await app.get(ServerTrackingService).trackPurchase(aPurchase(), settled);
    expect(Object.values(receipt.destinations).map(({ kind }) => kind)).toEqual([
      'delivered',
      'delivered',
      'delivered',
      'delivered',
    ]);
    for (const { headers } of stub.requests)
      expect(headers).toMatchObject({ 'x-trace': 'abc', 'x-gateway': 'eu-1' });
    await app.close();
  });

  it('serves an interceptor that is put on its own HttpService', async () => {
    const app = await start(
      TrackingModule.forRoot({ meta: stub.options().meta, logger: new RecordingLogger() }),
    );
    const own = app.get(HttpService, { strict: false });
    own.axiosRef.interceptors.request.use((config) => {
      config.headers.set('X-Trace', 'own');
      return config;
    });
    await app.get(ServerTrackingService).trackPurchase(aPurchase(), settled);
    expect(stub.requests[0]?.headers['x-trace']).toBe('own');
    await app.close();
  });

  it('leaves the defaults of axios that other code set alone', async () => {
    const app = await start(
      HttpModule,
      TrackingModule.forRoot({ meta: stub.options().meta, logger: new RecordingLogger() }),
    );
    const shared = app.select(HttpModule).get(HttpService).axiosRef;
    shared.defaults.headers.common.Authorization = 'Bearer of-the-host';
    await app.get(ServerTrackingService).trackPurchase(aPurchase(), settled);
    delete shared.defaults.headers.common.Authorization;
    expect(stub.requests[0]?.headers.authorization).toBeUndefined();
    await app.close();
  });

  it('can be watched with nock under its real host names', async () => {
    const bodies: unknown[] = [];
    const scopes = [
      nock('https://graph.facebook.com')
        .post('/v25.0/1234567890123456/events', (body) => bodies.push(body) > 0)
        .reply(200, { events_received: 1 }),
      nock('https://business-api.tiktok.com')
        .post('/open_api/v1.3/event/track/', (body) => bodies.push(body) > 0)
        .reply(200, { code: 0 }),
      nock('https://region1.google-analytics.com')
        .post('/mp/collect', (body) => bodies.push(body) > 0)
        .query({ measurement_id: 'G-EXAMPLE1', api_secret: 'ga4-secret-example' })
        .reply(204),
    ];
    const { meta, tiktok, ga4 } = stub.options();
    const app = await start(
      TrackingModule.forRoot({
        meta: { ...meta, baseUrl: undefined },
        tiktok: { ...tiktok, baseUrl: undefined },
        ga4: { ...ga4, baseUrl: undefined, region: 'eu' },
        logger: new RecordingLogger(),
      }),
    );
    const receipt = await app.get(ServerTrackingService).trackPurchase(aPurchase(), settled);
    expect(Object.values(receipt.destinations).map(({ kind }) => kind)).toEqual([
      'delivered',
      'delivered',
      'delivered',
    ]);
    expect(scopes.every((scope) => scope.isDone())).toBe(true);
    expect(bodies).toHaveLength(3);
    await app.close();
    nock.restore();
  });

  it('delivers what is pending when the application closes', async () => {
    const app = await start(
      TrackingModule.forRoot({
        meta: stub.options().meta,
        delivery: { lingerMs: 60_000 },
        logger: new RecordingLogger(),
      }),
    );
    await app.get(ServerTrackingService).trackPurchase(aPurchase());
    expect(stub.requests).toHaveLength(0);
    await app.close();
    expect(stub.eventsAt('meta')).toHaveLength(1);
  });

  it('closes within its deadline while a platform hangs, and says what is left', async () => {
    const logger = new RecordingLogger();
    stub.behave('meta', { kind: 'hang' });
    const app = await start(
      TrackingModule.forRoot({
        meta: stub.options().meta,
        delivery: { shutdownTimeoutMs: 100, lingerMs: 0 },
        logger,
      }),
    );
    await app.get(ServerTrackingService).trackPurchase(aPurchase());
    await stub.waitFor('meta');
    const startedAt = performance.now();
    await app.close();
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    expect(logger.of('warn').join()).toContain('1 entries could not be delivered');
  });

  it('refuses events after it was closed, and ends who waits', async () => {
    stub.behave('meta', { kind: 'hang' });
    const app = await start(
      TrackingModule.forRoot({
        meta: stub.options().meta,
        delivery: { shutdownTimeoutMs: 50, lingerMs: 0 },
        logger: new RecordingLogger(),
      }),
    );
    const tracking = app.get(ServerTrackingService);
    const waiting = tracking.trackPurchase(aPurchase(), settled);
    await stub.waitFor('meta');
    await app.close();
    expect((await waiting).destinations.meta).toMatchObject({ kind: 'pending' });
    expect(await tracking.trackPurchase(aPurchase())).toMatchObject({
      status: 'rejected',
      destinations: { meta: { problems: [{ code: 'storage_unavailable' }] } },
    });
  });

  it('leaves nothing behind in the process', async () => {
    const before = process.eventNames().map((name) => [name, process.listenerCount(name)]);
    const app = await start(
      TrackingModule.forRoot({ ...stub.options(), logger: new RecordingLogger() }),
    );
    await app.get(ServerTrackingService).trackPurchase(aPurchase(), settled);
    expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(before);
    await app.close();
  });

  it('asks the validation server in validate mode, and reports its messages', async () => {
    const app = await start(
      TrackingModule.forRoot({
        ga4: { ...stub.options().ga4, validate: true },
        logger: new RecordingLogger(),
      }),
    );
    const tracking = app.get(ServerTrackingService);
    expect((await tracking.trackPurchase(aPurchase(), settled)).destinations.ga4).toEqual({
      kind: 'delivered',
    });
    stub.behave('ga4', { kind: 'validation-error' });
    expect((await tracking.trackPurchase(aPurchase(), settled)).destinations.ga4).toEqual({
      kind: 'dead-lettered',
      reason: 'GA4 validation: NAME_INVALID at events',
    });
    expect(stub.requestsTo('ga4').every(({ url }) => url.startsWith('/debug/mp/collect?'))).toBe(
      true,
    );
    await app.close();
  });
});
