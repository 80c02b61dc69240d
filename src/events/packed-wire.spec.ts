import { inspect } from 'node:util';

import { memoryInUse } from '../../test/support/memory-in-use';
import { packed, plainWire, WirePacker, wireBytes } from './packed-wire';

const WIRES = [
  { body: '{"a":1}', envelope: '{"v":"é"}' },
  { body: '', envelope: '' },
  { body: '{"name":"Zoë 🙂"}', envelope: '' },
  { body: 'x'.repeat(100_000), envelope: '東京' },
  { body: `"${'注'.repeat(20_000)}"`, envelope: '{}' },
];

describe('packed wire events', () => {
  it('read as they were, beside each other and alone', () => {
    const packer = new WirePacker();
    const wires = [...WIRES, ...WIRES, ...WIRES];
    const all = wires.map((wire) => packer.pack(wire));
    expect(all.map(plainWire)).toEqual(wires);
    for (const wire of all) wire.moveOut();
    expect(all.map(plainWire)).toEqual(wires);
    expect(wires.map((wire) => plainWire(packed(wire)))).toEqual(wires);
  });

  it('know what they take, and are packed once by who only reads them', () => {
    const wire = new WirePacker().pack({ body: 'é', envelope: '東' });
    expect([wire.bodyBytes, wire.envelopeBytes, wireBytes(wire)]).toEqual([2, 3, 5]);
    expect(packed(wire)).toBe(wire);
    const copy = new WirePacker().pack(wire);
    expect(copy).not.toBe(wire);
    expect(plainWire(copy)).toEqual(plainWire(wire));
  });

  it.each([
    ['the same text', '{"v":1}', '{"v":1}', true],
    ['another of the same length', '{"v":1}', '{"v":2}', false],
    ['a longer one that begins alike', '{"v":1}', '{"v":1}}', false],
    ['none', '', '', true],
  ])('compare envelopes: %s', (_what, one, other, isSame) => {
    const packer = new WirePacker();
    const first = packer.pack({ body: 'b', envelope: one });
    const second = packer.pack({ body: 'another', envelope: other });
    expect(first.hasEnvelopeOf(second)).toBe(isSame);
  });

  it('show nothing of those beside them', () => {
    const packer = new WirePacker();
    packer.pack({ body: 'of somebody else', envelope: '' });
    const wire = packer.pack({ body: '{"mine":1}', envelope: '' });
    expect(JSON.parse(JSON.stringify(wire))).toEqual({ body: '{"mine":1}', envelope: '' });
    expect(inspect(wire, { depth: 10, showHidden: true })).not.toContain('65536');
    expect(Object.keys(wire)).toEqual(['bodyBytes', 'envelopeBytes']);
  });

  it('keep no more memory than their own after moving out', async () => {
    const limit = (await memoryInUse()) + 1_000_000;
    const packer = new WirePacker();
    const kept = Array.from({ length: 200 }, (_one, index) => {
      const wire = packer.pack({ body: `${index}`.padStart(400, '.'), envelope: '' });
      for (let others = 0; others < 200; others += 1)
        packer.pack({ body: 'y'.repeat(400), envelope: '' });
      wire.moveOut();
      return wire;
    });
    expect(await memoryInUse(limit)).toBeLessThan(limit);
    expect(kept.map(({ body }) => Number(body.replace(/^\.+/, '')))).toEqual([...kept.keys()]);
  });
});
