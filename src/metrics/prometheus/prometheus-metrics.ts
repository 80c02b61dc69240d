import {
  Counter,
  Gauge,
  Histogram,
  register as defaultRegister,
  type OpenMetricsContentType,
  type Registry,
} from 'prom-client';

import type { TrackingActivity } from '../../outbox/activity';
import type { ServerTrackingService } from '../../server-tracking.service';
import {
  COUNTED,
  COUNTED_KINDS,
  DELAY_BOUNDS_SECONDS,
  inName,
  type CountedKind,
} from '../counted-activity';
import { KEY_SHARE, LaneGauges, TOO_WEAK_SHARE, type LaneGauge } from '../lane-gauges';

export interface PrometheusMetricsOptions {
  /** Default: `prom-client`'s own, which the whole process shares. */
  readonly register?: Registry | Registry<OpenMetricsContentType> | undefined;
  /** Default `tracking_`. Two modules that share a register need one each. */
  readonly prefix?: string | undefined;
}

/**
 * Metrics of one `TrackingModule` for `prom-client`, each with the label `destination`. Counters, the histogram and
 * the match quality are of this process, the first two from now on. The queue's gauges are asked for at each scrape; they are of
 * all processes where the storage is shared, and as they were known last if it takes longer than 1 s.
 *
 * @returns takes the metrics out of the register again.
 * @throws Error where the register has metrics of these names.
 */
export function collectPrometheusMetrics(
  tracking: ServerTrackingService,
  { register = defaultRegister, prefix = 'tracking_' }: PrometheusMetricsOptions = {},
): () => void {
  const gauges = new LaneGauges(tracking);
  const labelNames = ['destination'] as const;
  const names = namesOf(prefix);
  const taken = Object.values(names).filter((name) => register.getSingleMetric(name) !== undefined);
  if (taken.length > 0)
    throw new Error(
      `tracking: the register has ${taken.join(', ')} already. Give this module a prefix of its own, or unregister the other`,
    );
  const registers = [register];
  const counters = Object.fromEntries(
    COUNTED_KINDS.map((kind) => [
      kind,
      new Counter({ name: names[kind], help: COUNTED[kind], labelNames, registers }),
    ]),
  ) as Record<CountedKind, Counter<'destination'>>;
  const delay = new Histogram({
    name: names.delay,
    help: "Time from an event's acceptance to the platform's answer that it took it",
    labelNames,
    buckets: DELAY_BOUNDS_SECONDS,
    registers,
  });
  const gauge = (name: string, help: string, valueOf: (lane: LaneGauge) => number | undefined) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      async collect() {
        for (const lane of await gauges.read()) {
          const value = valueOf(lane);
          if (value !== undefined) this.set({ destination: lane.destination }, value);
        }
      },
    });
  gauge(names.pending, 'Events that wait, are under way or wait for another try', pendingOf);
  gauge(names.pendingBytes, 'What the pending events take, as they are stored', bytesOf);
  gauge(names.paused, '1 while nothing is handed over: credentials, outage, throttling', pausedOf);

  gauge(names.tooWeakShare, TOO_WEAK_SHARE, ({ match }) => match?.tooWeak);
  new Gauge({
    name: names.keyShare,
    help: KEY_SHARE,
    labelNames: ['destination', 'key'] as const,
    registers,
    async collect() {
      for (const { destination, match } of await gauges.read())
        for (const [key, share] of Object.entries(match?.keys ?? {}))
          this.set({ destination, key }, share);
    },
  });

  const startAtZero = (destination: string) => {
    for (const kind of COUNTED_KINDS) counters[kind].inc({ destination }, 0);
    delay.zero({ destination });
  };
  for (const destination of gauges.enabled) startAtZero(destination);
  const unsubscribe = tracking.onActivity((activity: TrackingActivity) => {
    gauges.note(activity);
    if (activity.kind === 'paused' || activity.kind === 'resumed') return;
    const { destination } = activity;
    counters[activity.kind].inc({ destination });
    if (activity.kind === 'delivered') delay.observe({ destination }, activity.delayMs / 1_000);
  });
  return () => {
    unsubscribe();
    for (const name of Object.values(names)) register.removeSingleMetric(name);
  };
}

type MetricName =
  CountedKind | 'delay' | 'pending' | 'pendingBytes' | 'paused' | 'keyShare' | 'tooWeakShare';

function namesOf(prefix: string): Readonly<Record<MetricName, string>> {
  const counters = COUNTED_KINDS.map((kind) => [kind, `${prefix}events_${inName(kind)}_total`]);
  return {
    ...(Object.fromEntries(counters) as Record<CountedKind, string>),
    delay: `${prefix}delivery_delay_seconds`,
    pending: `${prefix}events_pending`,
    pendingBytes: `${prefix}pending_bytes`,
    paused: `${prefix}paused`,
    keyShare: `${prefix}match_key_share`,
    tooWeakShare: `${prefix}too_weak_share`,
  };
}

function pendingOf({ queue }: LaneGauge): number | undefined {
  return queue?.pending;
}

function bytesOf({ queue }: LaneGauge): number | undefined {
  return queue?.pendingBytes;
}

function pausedOf({ isPaused }: LaneGauge): number {
  return isPaused ? 1 : 0;
}
