import 'reflect-metadata';

import assert from 'node:assert/strict';

import { Injectable, type DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import { PlatformStub, aPurchase, type PlatformName } from 'nestjs-server-tracking/testing';

import { start } from './start.js';

const PLATFORMS: readonly PlatformName[] = ['meta', 'tiktok', 'ga4', 'serverGtm'];

/** Injected by its type, as hosts do. */
@Injectable()
class Checkout {
  constructor(private readonly tracking: ServerTrackingService) {}

  pay() {
    return this.tracking.trackPurchase(aPurchase(), { until: 'settled' });
  }
}

async function main(): Promise<void> {
  const stub = await PlatformStub.start();
  const config = ConfigModule.forRoot({
    ignoreEnvFile: true,
    load: [() => ({ tracking: stub.options() })],
  });

  await assertDelivers(stub, TrackingModule.forRoot(stub.options()));
  await assertDelivers(
    stub,
    TrackingModule.forRootAsync({
      imports: [config],
      inject: [ConfigService],
      useFactory: (service: ConfigService) =>
        service.getOrThrow<ReturnType<PlatformStub['options']>>('tracking'),
    }),
  );
  Object.assign(process.env, stub.env());
  await assertDelivers(
    stub,
    TrackingModule.forRoot(),
    ConfigModule.forRoot({ ignoreEnvFile: true }),
  );

  await stub.close();
  console.log('ok');
}

async function assertDelivers(
  stub: PlatformStub,
  ...imports: readonly (DynamicModule | Promise<DynamicModule>)[]
): Promise<void> {
  stub.reset();
  const app = await start({ imports: [...imports], providers: [Checkout] });
  const receipt = await app.get(Checkout).pay();
  assert.equal(receipt.status, 'accepted');
  for (const platform of PLATFORMS) {
    assert.equal(receipt.destinations[platform]?.kind, 'delivered', platform);
    assert.equal(stub.requestsTo(platform).length, 1, platform);
  }
  assert.equal(stub.eventsAt('meta')[0]?.event_id, receipt.eventId);
  await app.close();
}

void main();
