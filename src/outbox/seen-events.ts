/** The room at the start; it doubles whenever it is full. A power of two. */
const MIN_ROOM = 1_024;

/**
 * Hashes of events with a bit for each of their destinations, in the order of their ends: a ring, and a table with linear
 * probing that finds a place in it. All in typed arrays.
 */
export class SeenEvents {
  private room = MIN_ROOM;
  /** 64 bits of the hash. */
  private high = new Uint32Array(MIN_ROOM);
  private low = new Uint32Array(MIN_ROOM);
  /** None: it stands further on. */
  private bits = new Uint32Array(MIN_ROOM);
  private endsAtMs = new Float64Array(MIN_ROOM);
  /** A place plus one, or none. Twice the room, so that it is never more than half full. */
  private table = new Uint32Array(2 * MIN_ROOM);
  private first = 0;
  private count = 0;

  /** How many places of the ring are taken. */
  get size(): number {
    return this.count;
  }

  /** Whether all of these bits are set. @param hash at least 8 characters of one byte each. */
  has(hash: string, bits: number): boolean {
    const found = (this.table[this.slotOf(bytesAt(hash, 0), bytesAt(hash, 4))] as number) - 1;
    return found >= 0 && ((this.bits[found] as number) & bits) >>> 0 === bits;
  }

  /** Sets bits; the end holds for all of the event, unless it had a later one. */
  add(hash: string, bits: number, endsAtMs: number): void {
    const high = bytesAt(hash, 0);
    const low = bytesAt(hash, 4);
    const slot = this.slotOf(high, low);
    const found = (this.table[slot] as number) - 1;
    if (found < 0) {
      this.push(high, low, bits, endsAtMs);
      return;
    }
    const after = ((this.bits[found] as number) | bits) >>> 0;
    const latestMs = Math.max(this.endsAtMs[found] as number, endsAtMs);
    if (found === this.placeAt(this.count - 1)) {
      this.bits[found] = after;
      this.endsAtMs[found] = latestMs;
    } else {
      this.bits[found] = 0;
      this.endsAtMs[found] = 0;
      this.clear(slot);
      this.push(high, low, after, latestMs);
    }
  }

  forgetUntil(nowMs: number): void {
    while (this.count > 0 && (this.endsAtMs[this.first] as number) <= nowMs) this.forgetFirst();
  }

  forgetFirst(): void {
    const { first } = this;
    if (this.bits[first] !== 0)
      this.clear(this.slotOf(this.high[first] as number, this.low[first] as number));
    this.first = this.placeAt(1);
    this.count -= 1;
  }

  private placeAt(distance: number): number {
    return (this.first + distance) & (this.room - 1);
  }

  private push(high: number, low: number, bits: number, endsAtMs: number): void {
    if (this.count === this.room) this.grow();
    const place = this.placeAt(this.count);
    this.high[place] = high;
    this.low[place] = low;
    this.bits[place] = bits;
    this.endsAtMs[place] = endsAtMs;
    this.table[this.slotOf(high, low)] = place + 1;
    this.count += 1;
  }

  /** Where the hash stands, or where it would. */
  private slotOf(high: number, low: number): number {
    const last = this.table.length - 1;
    for (let slot = low & last; ; slot = (slot + 1) & last) {
      const place = (this.table[slot] as number) - 1;
      if (place < 0 || (this.low[place] === low && this.high[place] === high)) return slot;
    }
  }

  /** Empties a slot, and moves up those that stand behind it because it was taken. */
  private clear(slot: number): void {
    const { table } = this;
    const last = table.length - 1;
    let gap = slot;
    for (let next = (gap + 1) & last; table[next] !== 0; next = (next + 1) & last) {
      const home = (this.low[(table[next] as number) - 1] as number) & last;
      if (((next - home) & last) < ((next - gap) & last)) continue;
      table[gap] = table[next] as number;
      gap = next;
    }
    table[gap] = 0;
  }

  private grow(): void {
    const { first, table } = this;
    const last = this.room - 1;
    this.room *= 2;
    this.high = unrolled(this.high, first, new Uint32Array(this.room));
    this.low = unrolled(this.low, first, new Uint32Array(this.room));
    this.bits = unrolled(this.bits, first, new Uint32Array(this.room));
    this.endsAtMs = unrolled(this.endsAtMs, first, new Float64Array(this.room));
    this.first = 0;
    this.table = new Uint32Array(2 * this.room);
    // From slot to slot, because in the new table they come in nearly the same order.
    for (const before of table) {
      if (before === 0) continue;
      const place = (before - 1 - first) & last;
      this.table[this.slotOf(this.high[place] as number, this.low[place] as number)] = place + 1;
    }
  }
}

/** The same from its first place on. */
function unrolled<List extends Uint32Array | Float64Array>(
  from: List,
  first: number,
  to: List,
): List {
  to.set(from.subarray(first));
  to.set(from.subarray(0, first), from.length - first);
  return to;
}

/** Four characters of one byte each, as a number. */
function bytesAt(text: string, at: number): number {
  return (
    (text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24)) >>>
    0
  );
}
