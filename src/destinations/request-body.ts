import { packed, type PackedWire } from '../events/packed-wire';
import type { WireEvent } from '../events/wire-event';

const COMMA = 0x2c;

/**
 * The bytes of a request's body: the events with commas between them, and what stands around them.
 *
 * @param opening its envelope, left open, stands before all of it.
 */
export function requestBody(
  head: string,
  batch: readonly WireEvent[],
  tail: string,
  opening?: PackedWire,
): Uint8Array {
  const wires = batch.map(packed);
  let size = Buffer.byteLength(head) + Buffer.byteLength(tail) + Math.max(wires.length - 1, 0);
  if (opening !== undefined) size += opening.openEnvelopeBytes;
  for (const { bodyBytes } of wires) size += bodyBytes;
  const body = Buffer.allocUnsafe(size);
  let end = opening === undefined ? 0 : opening.copyOpenEnvelope(body, 0);
  end += body.write(head, end);
  for (let index = 0; index < wires.length; index += 1) {
    if (index > 0) {
      body[end] = COMMA;
      end += 1;
    }
    end = (wires[index] as PackedWire).copyBody(body, end);
  }
  body.write(tail, end);
  return body;
}
