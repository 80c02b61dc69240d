import { metrics, type BatchObservableResult, type Counter, type Meter } from '@opentelemetry/api';

import type { TrackingActivity } from '../../outbox/activity';
import type { ServerTrackingService } from '../../server-tracking.service';
import {
  COUNTED,
  COUNTED_KINDS,
  DELAY_BOUNDS_SECONDS,
  inName,
  type CountedKind,
} from '../counted-activity';
import { KEY_SHARE, LaneGauges, TOO_WEAK_SHARE } from '../lane-gauges';

export interface OpenTelemetryMetricsOptions {
  /**
   * Default: one of the provider that the process has registered. Start the SDK first: a meter that was
   * taken before stays silent.
   */
  readonly meter?: Meter | undefined;
  /** Default `tracking.`. */
  readonly prefix?: string | undefined;
}

const METER_NAME = 'nestjs-server-tracking';

/**
 * Metrics of one `TrackingModule` for OpenTelemetry, each with the attribute `destination`. Counters, the
 * histogram and the match quality are of this process, the first two from now on. The queue's gauges are asked for at each collection; they are
 * of all processes where the storage is shared, and as they were known last if it takes longer than 1 s.
 *
 * @returns ends it. OpenTelemetry forgets no instrument: the last values stay.
 * @see https://opentelemetry.io/docs/specs/semconv/general/metrics/
 */
export function collectOpenTelemetryMetrics(
  tracking: ServerTrackingService,
  { meter = metrics.getMeter(METER_NAME), prefix = 'tracking.' }: OpenTelemetryMetricsOptions = {},
): () => void {
  const gauges = new LaneGauges(tracking);
  const counters = Object.fromEntries(
    COUNTED_KINDS.map((kind) => [
      kind,
      meter.createCounter(`${prefix}events.${inName(kind)}`, {
        description: COUNTED[kind],
        unit: '{event}',
      }),
    ]),
  ) as Record<CountedKind, Counter>;
  const delay = meter.createHistogram(`${prefix}delivery.delay`, {
    description: "Time from an event's acceptance to the platform's answer that it took it",
    unit: 's',
    advice: { explicitBucketBoundaries: DELAY_BOUNDS_SECONDS },
  });
  const pending = meter.createObservableGauge(`${prefix}events.pending`, {
    description: 'Events that wait, are under way or wait for another try',
    unit: '{event}',
  });
  const pendingSize = meter.createObservableGauge(`${prefix}pending.size`, {
    description: 'What the pending events take, as they are stored',
    unit: 'By',
  });
  const paused = meter.createObservableGauge(`${prefix}paused`, {
    description: '1 while nothing is handed over: credentials, outage, throttling',
    unit: '1',
  });
  const keyShare = meter.createObservableGauge(`${prefix}match_key.share`, {
    description: KEY_SHARE,
    unit: '1',
  });
  const tooWeakShare = meter.createObservableGauge(`${prefix}too_weak.share`, {
    description: TOO_WEAK_SHARE,
    unit: '1',
  });
  const observed = [pending, pendingSize, paused, keyShare, tooWeakShare];
  const observe = async (result: BatchObservableResult) => {
    for (const { destination, isPaused, queue, match } of await gauges.read()) {
      result.observe(paused, isPaused ? 1 : 0, { destination });
      if (match !== undefined) {
        result.observe(tooWeakShare, match.tooWeak, { destination });
        for (const [key, share] of Object.entries(match.keys))
          result.observe(keyShare, share, { destination, key });
      }
      if (queue === undefined) continue;
      result.observe(pending, queue.pending, { destination });
      result.observe(pendingSize, queue.pendingBytes, { destination });
    }
  };
  meter.addBatchObservableCallback(observe, observed);

  for (const destination of gauges.enabled)
    for (const kind of COUNTED_KINDS) counters[kind].add(0, { destination });
  const unsubscribe = tracking.onActivity((activity: TrackingActivity) => {
    gauges.note(activity);
    if (activity.kind === 'paused' || activity.kind === 'resumed') return;
    const { destination } = activity;
    counters[activity.kind].add(1, { destination });
    if (activity.kind === 'delivered') delay.record(activity.delayMs / 1_000, { destination });
  });
  return () => {
    unsubscribe();
    meter.removeBatchObservableCallback(observe, observed);
  };
}
