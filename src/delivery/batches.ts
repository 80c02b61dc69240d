import type { DestinationLimits } from '../destinations/destination';
import { packed, type PackedWire } from '../events/packed-wire';
import type { WireEvent } from '../events/wire-event';

/** The last request of an envelope, which may take more. */
interface OpenBatch {
  readonly first: PackedWire;
  indices: number[];
  bytes: number;
}

/**
 * Groups events into requests: equal envelopes only, at most so many events and bytes each. The order
 * within an envelope is kept.
 *
 * @returns indices into `wires`; every index exactly once.
 */
export function groupIntoBatches(
  wires: readonly WireEvent[],
  limits: Pick<DestinationLimits, 'maxBatchEvents' | 'maxBatchBytes'>,
): number[][] {
  const batches: number[][] = [];
  const open: OpenBatch[] = [];
  for (let index = 0; index < wires.length; index += 1) {
    const wire = packed(wires[index] as WireEvent);
    const bytes = wire.bodyBytes + 1;
    // Nearly all differ in their lengths or first bytes, so a look at each is cheaper than a hash of the whole.
    const batch = open.find(({ first }) => first.hasEnvelopeOf(wire));
    const fits =
      batch !== undefined &&
      batch.indices.length < limits.maxBatchEvents &&
      batch.bytes + bytes <= limits.maxBatchBytes;
    if (fits) {
      batch.indices.push(index);
      batch.bytes += bytes;
      continue;
    }
    const fresh = { indices: [index], bytes: bytes + wire.envelopeBytes + ENVELOPE_RESERVE };
    batches.push(fresh.indices);
    if (batch === undefined) open.push({ first: wire, ...fresh });
    else Object.assign(batch, fresh);
  }
  return batches;
}

/** Room for what a request holds beside its events: keys, a token, a test code. */
const ENVELOPE_RESERVE = 1_024;
