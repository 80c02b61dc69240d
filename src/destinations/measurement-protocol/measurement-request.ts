import { packed, type PackedWire } from '../../events/packed-wire';
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
  const [wire] = batch;
  if (wire === undefined) return Buffer.from('{}');
  const first = packed(wire);
  return requestBody(`${timestampOf(first)},"events":[`, batch, ']}', first);
}

/** `,"timestamp_micros":<number>`, as it stands behind the name. */
function timestampOf(wire: PackedWire): string {
  return TIMESTAMP.exec(wire.bodyStart(MAX_START_BYTES))?.[1] ?? '';
}

const TIMESTAMP = /^\{"name":"[^"\\]*"(,"timestamp_micros":\d+),/;
/** A name has 40 letters at most. */
const MAX_START_BYTES = 150;

/** GA4 deduplicates nothing but purchases: only they may be sent again when nobody knows whether they arrived. */
export function isRepeatable(wire: WireEvent): boolean {
  return wire.body.startsWith('{"name":"purchase",') && wire.body.includes('"transaction_id":');
}
