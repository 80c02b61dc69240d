import type { WireEvent } from '../../events/wire-event';
import { requestBody } from '../request-body';
import type { MeasurementEvent, MeasurementVisitor } from './measurement.payload';

/** The envelope is the visitor: only events of one visitor share a request. */
export function measurementWire(visitor: MeasurementVisitor, event: MeasurementEvent): WireEvent {
  return { envelope: JSON.stringify(visitor), body: JSON.stringify(event) };
}

/**
 * The body of one request. The time of the first event stands for the request; each event also says its
 * own, which wins.
 */
export function measurementBody(batch: readonly WireEvent[]): Uint8Array {
  const [first] = batch;
  if (first === undefined) return Buffer.from('{}');
  return requestBody(
    `${first.envelope.slice(0, -1)}${timestampOf(first.body)},"events":[`,
    batch,
    ']}',
  );
}

/** `,"timestamp_micros":<number>`, as it stands behind the name. */
function timestampOf(body: string): string {
  const start = body.indexOf('",') + 1;
  const end = body.indexOf(',', start + 1);
  return body.startsWith(TIMESTAMP, start) ? body.slice(start, end) : '';
}

const TIMESTAMP = ',"timestamp_micros":';

/** GA4 deduplicates nothing but purchases: only they may be sent again when nobody knows whether they arrived. */
export function isRepeatable(wire: WireEvent): boolean {
  return wire.body.startsWith('{"name":"purchase",') && wire.body.includes('"transaction_id":');
}
