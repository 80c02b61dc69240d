import fc from 'fast-check';

import { SeenEvents } from './seen-events';

/** Hashes that want the same few places. */
const HASHES = Array.from({ length: 40 }, (_unused, at) =>
  String.fromCharCode(at, 0, 0, 0, at % 5, at % 3 === 0 ? 255 : 0, 0, 0),
);

const step = fc.record({
  waitMs: fc.constantFrom(0, 0, 1, 7),
  hash: fc.constantFrom(...HASHES),
  bits: fc.constantFrom(1, 2, 4, 2 ** 31),
  isTakenBack: fc.boolean(),
});

describe('SeenEvents', () => {
  it('know what a map would know, however they come, end and are taken back', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const events = new SeenEvents();
        const known = new Map<string, { bits: number; endsAtMs: number }>();
        let nowMs = 0;
        for (const { waitMs, hash, bits, isTakenBack } of steps) {
          nowMs += waitMs;
          events.forgetUntil(nowMs);
          for (const [key, { endsAtMs }] of known) if (endsAtMs <= nowMs) known.delete(key);
          const before = known.get(hash)?.bits ?? 0;
          const after = (before | bits) >>> 0;
          expect(events.add(hash, bits, nowMs + 20)).toBe(after !== before);
          if (after === before) continue;
          known.set(hash, { bits: after, endsAtMs: nowMs + 20 });
          if (!isTakenBack) continue;
          events.takeBack(bits);
          if (before === 0) known.delete(hash);
          else known.set(hash, { bits: before, endsAtMs: nowMs + 20 });
        }
        for (const hash of HASHES)
          for (const bit of [1, 2, 4, 2 ** 31])
            expect(events.add(hash, bit, nowMs + 20)).toBe(
              ((known.get(hash)?.bits ?? 0) & bit) >>> 0 === 0 && mark(known, hash, bit),
            );
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
    const again = Array.from({ length: 9_000 }, (_unused, at) => events.add(hashOf(at), 1, 9_000));
    expect(again.lastIndexOf(true)).toBe(499);
    expect(again.filter(Boolean)).toHaveLength(500);
  });
});

function mark(
  known: Map<string, { bits: number; endsAtMs: number }>,
  hash: string,
  bit: number,
): boolean {
  const { bits = 0, endsAtMs = 0 } = known.get(hash) ?? {};
  known.set(hash, { bits: (bits | bit) >>> 0, endsAtMs });
  return true;
}
