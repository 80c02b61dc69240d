import type { WireEvent } from '../events/wire-event';

/** Wire events one after the other, as bytes: a line of how many each part takes, then all of them as they are. */
export function joinWires(wires: readonly WireEvent[]): Buffer {
  const lengths: number[] = [];
  let total = 0;
  for (const { body, envelope } of wires) {
    const bodyBytes = Buffer.byteLength(body);
    const envelopeBytes = Buffer.byteLength(envelope);
    lengths.push(bodyBytes, envelopeBytes);
    total += bodyBytes + envelopeBytes;
  }
  const head = `${lengths.join()}\n`;
  const joined = Buffer.allocUnsafe(head.length + total);
  let at = joined.write(head);
  for (const { body, envelope } of wires) {
    at += joined.write(body, at);
    at += joined.write(envelope, at);
  }
  return joined;
}

/** Each as a text of its own: none of them keeps the others in memory. */
export function splitWires(joined: Buffer): readonly WireEvent[] {
  const head = joined.indexOf('\n');
  const lengths = joined.toString('utf8', 0, head).split(',').map(Number);
  const wires: WireEvent[] = [];
  let start = head + 1;
  for (let at = 0; at + 1 < lengths.length; at += 2) {
    const middle = start + (lengths[at] as number);
    const end = middle + (lengths[at + 1] as number);
    wires.push({
      body: joined.toString('utf8', start, middle),
      envelope: joined.toString('utf8', middle, end),
    });
    start = end;
  }
  return wires;
}
