import fc from 'fast-check';

import { SeenEvents } from './seen-events';

/** Hashes that want the same few places. */
const HASHES = Array.from({ length: 40 }, (_unused, at) =>
  String.fromCharCode(at, 0, 0, 0, at % 5, at % 3 === 0 ? 255 : 0, 0, 0),
);

const BITS = [1, 2, 4, 2 ** 31];

const step = fc.record({
  /** Or the clock is set back. */
  waitMs: fc.constantFrom(0, 0, 1, 7, -3),
  hash: fc.constantFrom(...HASHES),
  bits: fc.constantFrom(...BITS),
});

describe('SeenEvents', () => {
  it('know what a map would know, however they come and end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const events = new SeenEvents();
        /** In the order of their last change. */
        const known = new Map<string, { bits: number; endsAtMs: number }>();
        let nowMs = 0;
        for (const { waitMs, hash, bits } of steps) {
          nowMs += waitMs;
          events.forgetUntil(nowMs);
          for (const [key, { endsAtMs }] of known) {
            if (endsAtMs > nowMs) break;
            known.delete(key);
          }
          for (const one of HASHES)
            for (const bit of BITS)
              expect(events.has(one, bit)).toBe(((known.get(one)?.bits ?? 0) & bit) >>> 0 === bit);
          if (events.has(hash, bits)) continue;
          events.add(hash, bits, nowMs + 20);
          const before = known.get(hash);
          known.delete(hash);
          known.set(hash, {
            bits: ((before?.bits ?? 0) | bits) >>> 0,
            endsAtMs: Math.max(before?.endsAtMs ?? 0, nowMs + 20),
          });
        }
      }),
    );
  });

  it('find every one of many, after the room has grown around the end of the ring', () => {
    const events = new SeenEvents();
    const hashOf = (at: number) =>
      String.fromCharCode(at & 255, (at >> 8) & 255, 0, 0, (at * 7) & 255, 1, 0, 0);
    for (let at = 0; at < 1_000; at += 1) events.add(hashOf(at), 1, at);
    events.forgetUntil(499);
    for (let at = 1_000; at < 9_000; at += 1) events.add(hashOf(at), 1, at);
    expect(events.size).toBe(8_500);
    const isKnown = Array.from({ length: 9_000 }, (_unused, at) => events.has(hashOf(at), 1));
    expect(isKnown.indexOf(true)).toBe(500);
    expect(isKnown.filter(Boolean)).toHaveLength(8_500);
  });
});
