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
  const bytesOf = fitsTogether(wires, limits.maxBatchBytes) ? noBytes : utf8Bytes;
  for (const [index, wire] of wires.entries()) {
    const bytes = bytesOf(wire.body) + 1;
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
        bytes: bytes + bytesOf(wire.envelope) + ENVELOPE_RESERVE,
      });
    }
  }
  return batches;
}

/**
 * Whether all of them fit into one request, by their lengths alone: UTF-8 has at most three bytes for a UTF-16 unit.
 * Counting the bytes of a text that was just put together copies it.
 */
function fitsTogether(wires: readonly WireEvent[], maxBytes: number): boolean {
  let bytes = 0;
  for (const { body, envelope } of wires)
    bytes += (body.length + envelope.length) * 3 + ENVELOPE_RESERVE;
  return bytes <= maxBytes;
}

function noBytes(): number {
  return 0;
}

function utf8Bytes(text: string): number {
  return Buffer.byteLength(text);
}

/** Room for what a request holds beside its events: keys, a token, a test code. */
const ENVELOPE_RESERVE = 1_024;
