import type { DestinationLimits } from '../destinations/destination';
import type { WireEvent } from '../events/wire-event';

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
  const open = new Map<string, { indices: number[]; bytes: number }>();
  for (const [index, wire] of wires.entries()) {
    const bytes = Buffer.byteLength(wire.body) + 1;
    const batch = open.get(wire.envelope);
    if (
      batch !== undefined &&
      batch.indices.length < limits.maxBatchEvents &&
      batch.bytes + bytes <= limits.maxBatchBytes
    ) {
      batch.indices.push(index);
      batch.bytes += bytes;
    } else {
      const indices = [index];
      batches.push(indices);
      open.set(wire.envelope, {
        indices,
        bytes: bytes + Buffer.byteLength(wire.envelope) + ENVELOPE_RESERVE,
      });
    }
  }
  return batches;
}

/** Room for what a request holds beside its events: keys, a token, a test code. */
const ENVELOPE_RESERVE = 1_024;
