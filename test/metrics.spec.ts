import type { INestApplication } from '@nestjs/common';
import {
  MeterProvider,
  MetricReader,
  type DataPoint,
  type Histogram,
} from '@opentelemetry/sdk-metrics';
import {
  ServerTrackingService,
  TrackingModule,
  type TrackingModuleOptions,
} from 'nestjs-server-tracking';
import { collectOpenTelemetryMetrics } from 'nestjs-server-tracking/metrics/opentelemetry';
import { collectPrometheusMetrics } from 'nestjs-server-tracking/metrics/prometheus';
import { PlatformStub, aPurchase, aRegistration } from 'nestjs-server-tracking/testing';
import { register as sharedRegister, Registry } from 'prom-client';

import { RecordingLogger } from './support/recording-logger';
import { startApp } from './support/start-app';

let stub: PlatformStub;
let app: INestApplication;
let tracking: ServerTrackingService;

beforeAll(async () => {
  stub = await PlatformStub.start();
});

afterAll(async () => {
  await stub.close();
});

async function start(options: TrackingModuleOptions): Promise<void> {
  const logger = new RecordingLogger();
  ({ app } = await startApp('express', {
    imports: [TrackingModule.forRoot({ ...options, logger })],
  }));
  tracking = app.get(ServerTrackingService);
}

afterEach(async () => {
  await app.close();
  stub.reset();
});

/** Two delivered at both, one of them twice; one dead letter at Meta, which then loses its token. */
async function sendSome(): Promise<void> {
  const settled = { until: 'settled' } as const;
  const purchase = aPurchase();
  await tracking.trackPurchase(purchase, settled);
  await tracking.trackPurchase(purchase, settled);
  await tracking.trackRegistration(aRegistration({ eventId: 'S-1' }), settled);
  stub.behave('meta', { kind: 'validation-error' });
  await tracking.trackPurchase(aPurchase(), { ...settled });
  stub.behave('meta', { kind: 'auth-error' });
  await tracking.trackPurchase(aPurchase(), { ...settled, timeoutMs: 300 });
}

describe('Prometheus', () => {
  it('has what happened, per destination, and what waits', async () => {
    const { meta, tiktok } = stub.options();
    await start({ meta, tiktok });
    const register = new Registry();
    const unregister = collectPrometheusMetrics(tracking, { register });
    await sendSome();
    const lines = (await register.metrics()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        '# TYPE tracking_events_accepted_total counter',
        'tracking_events_accepted_total{destination="meta"} 4',
        'tracking_events_accepted_total{destination="tiktok"} 4',
        'tracking_events_delivered_total{destination="meta"} 2',
        'tracking_events_delivered_total{destination="tiktok"} 4',
        'tracking_events_dead_lettered_total{destination="meta"} 1',
        'tracking_events_dead_lettered_total{destination="tiktok"} 0',
        'tracking_events_duplicate_total{destination="meta"} 1',
        'tracking_events_duplicate_total{destination="tiktok"} 1',
        'tracking_events_refused_total{destination="meta"} 0',
        'tracking_events_retried_total{destination="meta"} 0',
        'tracking_events_expired_total{destination="meta"} 0',
        'tracking_events_dropped_total{destination="meta"} 0',
        '# TYPE tracking_delivery_delay_seconds histogram',
        'tracking_delivery_delay_seconds_bucket{le="+Inf",destination="meta"} 2',
        'tracking_delivery_delay_seconds_count{destination="tiktok"} 4',
        '# TYPE tracking_events_pending gauge',
        'tracking_events_pending{destination="meta"} 1',
        'tracking_events_pending{destination="tiktok"} 0',
        'tracking_pending_bytes{destination="tiktok"} 0',
        'tracking_paused{destination="meta"} 1',
        'tracking_paused{destination="tiktok"} 0',
        '# TYPE tracking_match_key_share gauge',
        'tracking_match_key_share{destination="meta",key="email"} 1',
        'tracking_match_key_share{destination="meta",key="visitorId"} 0',
        'tracking_match_key_share{destination="tiktok",key="ttclid"} 1',
        'tracking_too_weak_share{destination="meta"} 0',
      ]),
    );
    expect(valueOf(lines, 'tracking_pending_bytes{destination="meta"}')).toBeGreaterThan(500);
    const delayed = valueOf(lines, 'tracking_delivery_delay_seconds_sum{destination="meta"}');
    expect(delayed).toBeGreaterThanOrEqual(0);
    expect(delayed).toBeLessThan(10);
    unregister();
  });

  it('has every series from the start, so that the first event shows as a rise', async () => {
    await start({ meta: stub.options().meta });
    const register = new Registry();
    const unregister = collectPrometheusMetrics(tracking, { register });
    const lines = (await register.metrics()).split('\n').filter((line) => !line.startsWith('#'));
    expect(lines.filter((line) => line.includes('_total'))).toEqual(
      [
        'accepted',
        'delivered',
        'retried',
        'dead_lettered',
        'expired',
        'dropped',
        'duplicate',
        'refused',
      ].map((name) => `tracking_events_${name}_total{destination="meta"} 0`),
    );
    expect(lines).toContain('tracking_delivery_delay_seconds_count{destination="meta"} 0');
    expect(lines).toContain('tracking_events_pending{destination="meta"} 0');
    unregister();
  });

  it('labels with destinations, and match keys by name, whatever events and platforms say', async () => {
    await start({ meta: stub.options().meta });
    const register = new Registry();
    const unregister = collectPrometheusMetrics(tracking, { register });
    await sendSome();
    const labels = [...(await register.metrics()).matchAll(/\{([^}]*)\}/g)].map(([, text]) => text);
    const bare = labels.map((text) =>
      text?.replace(/^le="[^"]+",/, '').replace(/,key="[a-zA-Z]{2,20}"$/, ''),
    );
    expect(new Set(bare)).toEqual(new Set(['destination="meta"']));
    unregister();
  });

  it('has the share of events by which nobody can be recognised', async () => {
    await start({ meta: stub.options().meta });
    const register = new Registry();
    const unregister = collectPrometheusMetrics(tracking, { register });
    expect(await register.metrics()).not.toContain('tracking_too_weak_share{');
    await tracking.trackPurchase(aPurchase());
    await tracking.trackPurchase(aPurchase({ user: { country: 'FR' }, context: undefined }));
    const lines = (await register.metrics()).split('\n');
    expect(lines).toContain('tracking_too_weak_share{destination="meta"} 0.5');
    expect(lines).toContain('tracking_match_key_share{destination="meta",key="email"} 0.5');
    expect(lines).toContain('tracking_match_key_share{destination="meta",key="country"} 1');
    unregister();
  });

  it('sees a refused token that was refused before anybody looked', async () => {
    await start({ meta: stub.options().meta });
    stub.behave('meta', { kind: 'auth-error' });
    await tracking.trackPurchase(aPurchase(), { until: 'settled', timeoutMs: 300 });
    const register = new Registry();
    const unregister = collectPrometheusMetrics(tracking, { register });
    expect(await register.metrics()).toContain('tracking_paused{destination="meta"} 1');
    unregister();
  });

  it('counts refusals and what was dropped', async () => {
    stub.behave('meta', { kind: 'hang' });
    await start({
      meta: stub.options().meta,
      delivery: { maxPendingEntries: 1, overflow: 'reject-new', shutdownTimeoutMs: 0 },
    });
    const register = new Registry();
    const unregister = collectPrometheusMetrics(tracking, { register });
    await tracking.trackPurchase(aPurchase());
    await tracking.trackPurchase(aPurchase());
    expect(await register.metrics()).toContain(
      'tracking_events_refused_total{destination="meta"} 1',
    );
    unregister();
  });

  it("leaves the register as it was, and prom-client's own alone if another is given", async () => {
    await start({ meta: stub.options().meta });
    const register = new Registry();
    collectPrometheusMetrics(tracking, { register })();
    expect(register.getMetricsAsArray()).toEqual([]);
    expect(sharedRegister.getMetricsAsArray()).toEqual([]);
    const unregister = collectPrometheusMetrics(tracking);
    expect(sharedRegister.getSingleMetric('tracking_events_accepted_total')).toBeDefined();
    unregister();
    expect(sharedRegister.getMetricsAsArray()).toEqual([]);
  });

  it('takes a second module under another prefix, and says so where it has none', async () => {
    await start({ meta: stub.options().meta });
    const register = new Registry();
    const unregister = collectPrometheusMetrics(tracking, { register });
    const count = register.getMetricsAsArray().length;
    expect(() => collectPrometheusMetrics(tracking, { register })).toThrow(/prefix of its own/);
    expect(register.getMetricsAsArray()).toHaveLength(count);
    const unregisterOther = collectPrometheusMetrics(tracking, { register, prefix: 'shop_' });
    expect(await register.metrics()).toContain('shop_events_accepted_total{destination="meta"} 0');
    unregister();
    unregisterOther();
  });
});

describe('OpenTelemetry', () => {
  const reader = new (class extends MetricReader {
    protected override onForceFlush = () => Promise.resolve();
    protected override onShutdown = () => Promise.resolve();
  })();
  const provider = new MeterProvider({ readers: [reader] });

  afterAll(() => provider.shutdown());

  it('has what happened, per destination, and what waits', async () => {
    const { meta, tiktok } = stub.options();
    await start({ meta, tiktok });
    const stop = collectOpenTelemetryMetrics(tracking, { meter: provider.getMeter('test') });
    await sendSome();
    const found = await collected();
    expect(found).toMatchObject({
      'tracking.events.accepted ({event})': { meta: 4, tiktok: 4 },
      'tracking.events.delivered ({event})': { meta: 2, tiktok: 4 },
      'tracking.events.retried ({event})': { meta: 0, tiktok: 0 },
      'tracking.events.dead_lettered ({event})': { meta: 1, tiktok: 0 },
      'tracking.events.expired ({event})': { meta: 0, tiktok: 0 },
      'tracking.events.dropped ({event})': { meta: 0, tiktok: 0 },
      'tracking.events.duplicate ({event})': { meta: 1, tiktok: 1 },
      'tracking.events.refused ({event})': { meta: 0, tiktok: 0 },
      'tracking.delivery.delay (s)': { meta: { count: 2 }, tiktok: { count: 4 } },
      'tracking.events.pending ({event})': { meta: 1, tiktok: 0 },
      'tracking.pending.size (By)': { meta: expect.any(Number), tiktok: 0 },
      'tracking.paused (1)': { meta: 1, tiktok: 0 },
      'tracking.match_key.share (1)': { 'meta email': 1, 'tiktok ttclid': 1, 'meta visitorId': 0 },
      'tracking.too_weak.share (1)': { meta: 0, tiktok: 0 },
    });
    expect(found['tracking.delivery.delay (s)']?.meta).toMatchObject({
      buckets: { boundaries: expect.arrayContaining([0.05, 86_400]) },
    });

    stop();
    await tracking.trackRegistration(aRegistration({ eventId: 'S-2' }));
    const after = await collected();
    expect(after['tracking.events.accepted ({event})']).toEqual({ meta: 4, tiktok: 4 });
  });

  it('costs nothing and breaks nothing where no SDK was started', async () => {
    await start({ meta: stub.options().meta });
    const stop = collectOpenTelemetryMetrics(tracking);
    const receipt = await tracking.trackPurchase(aPurchase(), { until: 'settled' });
    expect(receipt.destinations.meta).toEqual({ kind: 'delivered' });
    stop();
  });

  /** Values by name and unit, then by destination. */
  async function collected(): Promise<Record<string, Record<string, unknown>>> {
    const { resourceMetrics, errors } = await reader.collect();
    expect(errors).toEqual([]);
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    return Object.fromEntries(
      metrics.map(({ descriptor, dataPoints }) => [
        `${descriptor.name} (${descriptor.unit})`,
        Object.fromEntries(
          (dataPoints as DataPoint<number | Histogram>[]).map(({ attributes, value }) => [
            [attributes.destination, attributes.key].filter(Boolean).join(' '),
            value,
          ]),
        ),
      ]),
    );
  }
});

function valueOf(lines: readonly string[], series: string): number {
  return Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length));
}
