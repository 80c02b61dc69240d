import { packed, PackedWire } from '../events/packed-wire';
import type { WireEvent } from '../events/wire-event';

/** The first line begins with it where its lengths are bytes; it has none where they are characters, as they once were. */
const IN_BYTES = 'b';
const LINE_END = 0x0a;

/**
 * The bytes of wire events, which are JSON already: a line of their lengths, then all of them as they are, in pieces
 * that nobody may keep.
 */
export function joinWires(wires: readonly WireEvent[]): readonly Uint8Array[] {
  const all = wires.map(packed);
  const lengths: number[] = [];
  for (const { bodyBytes, envelopeBytes } of all) lengths.push(bodyBytes, envelopeBytes);
  const head = Buffer.from(`${IN_BYTES}${lengths.join()}\n`, 'latin1');
  return [head, ...PackedWire.piecesOf(all)];
}

/** What was joined, apart again, in the same memory. */
export function splitWires(bytes: Buffer): readonly WireEvent[] {
  const headEnd = bytes.indexOf(LINE_END);
  const head = bytes.toString('latin1', 0, Math.max(headEnd, 0));
  if (!head.startsWith(IN_BYTES)) return splitText(bytes.toString());
  const lengths = lengthsIn(head.slice(IN_BYTES.length));
  const wires: WireEvent[] = [];
  let start = headEnd + 1;
  for (let at = 0; at < lengths.length; at += 2) {
    const wire = new PackedWire(bytes, start, lengths[at] as number, lengths[at + 1] as number);
    wires.push(wire);
    start += wire.bytes;
  }
  return wires;
}

function splitText(text: string): readonly WireEvent[] {
  const head = text.indexOf('\n');
  const lengths = lengthsIn(text.slice(0, Math.max(head, 0)));
  const wires: WireEvent[] = [];
  let start = head + 1;
  for (let at = 0; at < lengths.length; at += 2) {
    const middle = start + (lengths[at] as number);
    const end = middle + (lengths[at + 1] as number);
    wires.push({ body: text.slice(start, middle), envelope: text.slice(middle, end) });
    start = end;
  }
  return wires;
}

function lengthsIn(text: string): readonly number[] {
  return text === '' ? [] : text.split(',').map(Number);
}
