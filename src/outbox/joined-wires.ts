import type { WireEvent } from '../events/wire-event';

/** Of a character, in UTF-8; those that take four count as two. */
const MAX_CHARACTER_BYTES = 3;

/**
 * One text of wire events, which are JSON already: a line of lengths in characters, then all of them as they are. Written
 * into the same memory each time: a text of half a megabyte and its bytes would be garbage at once.
 */
export class WireJoiner {
  private bytes = Buffer.alloc(0);

  /** @returns its UTF-8, until the next call. */
  join(wires: readonly WireEvent[]): Uint8Array {
    const lengths: number[] = [];
    let characters = 0;
    for (const { body, envelope } of wires) {
      lengths.push(body.length, envelope.length);
      characters += body.length + envelope.length;
    }
    const head = `${lengths.join()}\n`;
    const size = (head.length + characters) * MAX_CHARACTER_BYTES;
    if (this.bytes.length < size) this.bytes = Buffer.allocUnsafeSlow(size);
    let end = this.bytes.write(head, 0);
    for (const { body, envelope } of wires) {
      end += this.bytes.write(body, end);
      end += this.bytes.write(envelope, end);
    }
    return this.bytes.subarray(0, end);
  }
}

/** What was joined, apart again. */
export function splitWires(text: string): readonly WireEvent[] {
  const head = text.indexOf('\n');
  const lengths = head > 0 ? text.slice(0, head).split(',').map(Number) : [];
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
