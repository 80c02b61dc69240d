import { Body, Controller, Inject, Post, ValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import { PurchaseDto, SubscriptionDto } from 'nestjs-server-tracking/dto';
import { PlatformStub } from 'nestjs-server-tracking/testing';

import { RecordingLogger } from './support/recording-logger';
import { PLATFORMS, startApp, type RunningApp } from './support/start-app';

const PIPE = new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true });

@Controller()
class EventsController {
  constructor(@Inject(ServerTrackingService) private readonly tracking: ServerTrackingService) {}

  @Post('purchase')
  purchase(@Body() body: PurchaseDto) {
    return this.tracking.trackPurchase(body, { until: 'settled' });
  }

  @Post('subscription')
  subscription(@Body() body: SubscriptionDto) {
    return this.tracking.trackSubscription(body, { until: 'settled' });
  }
}

describe.each(PLATFORMS)("the DTOs in a host's controller on %s", (platform) => {
  const order = {
    orderId: '10045',
    value: 49.9,
    currency: 'EUR',
    items: [{ id: 'SKU-1', price: 49.9, quantity: 1 }],
    user: { id: 'user_123', email: 'jane@example.com' },
    consent: { adStorage: 'granted' },
  };

  let stub: PlatformStub;
  let running: RunningApp;

  beforeAll(async () => {
    stub = await PlatformStub.start();
    running = await startApp(platform, {
      imports: [
        TrackingModule.forRoot({ meta: stub.options().meta, logger: new RecordingLogger() }),
      ],
      controllers: [EventsController],
      providers: [{ provide: APP_PIPE, useValue: PIPE }],
    });
  });

  afterAll(async () => {
    await running.app.close();
    await stub.close();
  });

  it.each<[string, string, object, number, string]>([
    ['takes a good purchase', 'purchase', order, 201, '"delivered"'],
    [
      'takes a good subscription',
      'subscription',
      { phase: 'start', subscriptionId: 'sub_1', user: { id: 'u' } },
      201,
      '"delivered"',
    ],
    [
      'refuses a purchase without order',
      'purchase',
      { ...order, orderId: undefined },
      400,
      'orderId',
    ],
    ['refuses a value that is text', 'purchase', { ...order, value: '49.9' }, 400, 'value'],
    [
      'refuses a currency that is none',
      'purchase',
      { ...order, currency: 'EURO' },
      400,
      'currency',
    ],
    [
      'refuses a bad item inside',
      'purchase',
      { ...order, items: [{ price: -1 }] },
      400,
      'items.0.id',
    ],
    ['refuses a bad user inside', 'purchase', { ...order, user: { email: 5 } }, 400, 'user.email'],
    [
      'refuses a consent word that is none',
      'purchase',
      { ...order, consent: { adStorage: 'yes' } },
      400,
      'consent.adStorage',
    ],
    [
      'refuses what a stranger has no say in',
      'purchase',
      { ...order, tenantId: 'other', only: ['meta'] },
      400,
      'tenantId',
    ],
    ['refuses a phase that is none', 'subscription', { phase: 'pause' }, 400, 'phase'],
  ])('%s', async (_rule, path, body, status, text) => {
    const response = await fetch(`${running.url}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(text);
  });
});
