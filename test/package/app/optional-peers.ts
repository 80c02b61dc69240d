import 'reflect-metadata';

import assert from 'node:assert/strict';

import { ValidationPipe } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import * as dto from 'nestjs-server-tracking/dto';
import * as health from 'nestjs-server-tracking/health';
import * as opentelemetry from 'nestjs-server-tracking/metrics/opentelemetry';
import * as prometheus from 'nestjs-server-tracking/metrics/prometheus';
import { PlatformStub } from 'nestjs-server-tracking/testing';
import { Registry } from 'prom-client';

import type { RefusedKeys } from './refused-keys.js';
import { start } from './start.js';

type AnyMembers<M> = { [K in keyof M]: 0 extends 1 & M[K] ? K : never }[keyof M];
type None<T extends never> = T;
export type NoneOfDtoIsAny = None<AnyMembers<typeof dto>>;
export type NoneOfOpenTelemetryRefusesUndefined = None<
  RefusedKeys<Pick<opentelemetry.OpenTelemetryMetricsOptions, 'prefix' | 'meter'>>
>;
export type NoneOfPrometheusRefusesUndefined = None<
  RefusedKeys<Pick<prometheus.PrometheusMetricsOptions, 'prefix' | 'register'>>
>;
export type NoneOfHealthIsAny = None<AnyMembers<typeof health>>;
export type NoneOfPrometheusIsAny = None<AnyMembers<typeof prometheus>>;
export type NoneOfOpenTelemetryIsAny = None<AnyMembers<typeof opentelemetry>>;

async function main(): Promise<void> {
  const stub = await PlatformStub.start();
  const app = await start({
    imports: [TerminusModule, TrackingModule.forRoot(stub.options())],
    providers: [health.TrackingHealthIndicator],
  });

  const result = app.get(health.TrackingHealthIndicator).isHealthy();
  assert.equal(result.tracking?.status, 'up');

  const purchase = await validated({
    orderId: '10001',
    value: 49.9,
    currency: 'EUR',
    user: { email: 'john.smith@example.com' },
    tenantId: 'somebody-else',
  });
  assert.ok(purchase instanceof dto.PurchaseDto);
  assert.ok(!('tenantId' in purchase));
  // What class-transformer converts by; `string | undefined` would make it Object.
  assert.equal(Reflect.getMetadata('design:type', dto.PurchaseDto.prototype, 'coupon'), String);
  const tracking = app.get(ServerTrackingService);
  const register = new Registry();
  const stopPrometheus = prometheus.collectPrometheusMetrics(tracking, { register });
  const stopOpenTelemetry = opentelemetry.collectOpenTelemetryMetrics(tracking);
  const receipt = await tracking.trackPurchase(purchase, { until: 'settled' });
  assert.equal(receipt.destinations.meta?.kind, 'delivered');
  const delivered = 'tracking_events_delivered_total{destination="meta"} 1';
  assert.ok((await register.metrics()).includes(delivered));
  stopPrometheus();
  stopOpenTelemetry();
  await assert.rejects(validated({ orderId: '10002', value: 'free', currency: 'EUR' }));

  await app.close();
  await stub.close();
  console.log('ok');
}

/** As Nest does it for a controller's `@Body() body: PurchaseDto`. */
async function validated(body: object): Promise<dto.PurchaseDto> {
  const pipe = new ValidationPipe({ transform: true, whitelist: true });
  const result: unknown = await pipe.transform(body, {
    type: 'body',
    metatype: dto.PurchaseDto,
  });
  return result as dto.PurchaseDto;
}

void main();
