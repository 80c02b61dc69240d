import { packed } from '../events/packed-wire';
import type { WireEvent } from '../events/wire-event';

const COMMA = 0x2c;

/** The bytes of a request's body: the events with commas between them, and what stands around them. */
export function requestBody(head: string, batch: readonly WireEvent[], tail: string): Uint8Array {
  const wires = batch.map(packed);
  let size = Buffer.byteLength(head) + Buffer.byteLength(tail) + Math.max(wires.length - 1, 0);
  for (const { bodyBytes } of wires) size += bodyBytes;
  const body = Buffer.allocUnsafe(size);
  let end = body.write(head);
  for (const [index, wire] of wires.entries()) {
    if (index > 0) {
      body[end] = COMMA;
      end += 1;
    }
    end = wire.copyBody(body, end);
  }
  body.write(tail, end);
  return body;
}
