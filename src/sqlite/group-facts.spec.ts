import fc from 'fast-check';

import { writeAbout } from './about';
import { FactsWriter, readFacts, type Place } from './group-facts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));
const timeMs = fc.integer({ min: 0, max: 8.64e15 });
const name = fc.stringMatching(/^[\w-]{0,22}$/);

const entry = fc.record(
  {
    key: text,
    eventId: text,
    eventName: text,
    occurredAtMs: timeMs,
    acceptedAtMs: timeMs,
    bytes: fc.nat(),
    subjects: fc.array(name, { minLength: 1, maxLength: 8 }),
    consentAtMs: timeMs,
  },
  { requiredKeys: ['key', 'eventId', 'eventName', 'occurredAtMs', 'acceptedAtMs', 'bytes'] },
);
const emptied = fc.record({ bytes: fc.nat() });

describe('FactsWriter', () => {
  it('writes what is read again, whatever stands in it and whatever was written before', () => {
    const writer = new FactsWriter();
    fc.assert(
      fc.property(fc.array(fc.oneof(entry, emptied), { maxLength: 60 }), (places: Place[]) => {
        const read = readFacts(Buffer.from(writer.write(places)));
        expect(read).toEqual(places);
      }),
    );
  });

  it('writes more than it has ever written', () => {
    const places = [1, 200, 3].map((size) =>
      Array.from({ length: size }, (_unused, at) => ({
        key: `meta|purchase|${at}${'"'.repeat(500)}`,
        eventId: `${at}`,
        eventName: 'purchase',
        occurredAtMs: 1_763_900_000_000,
        acceptedAtMs: 1_763_900_000_000,
        bytes: 2_000,
      })),
    );
    const writer = new FactsWriter();
    for (const some of places) expect(readFacts(Buffer.from(writer.write(some)))).toEqual(some);
  });

  it('names people as they are looked for', () => {
    const facts = { subjects: ['u1_-', 'e2'], consentAtMs: 5 };
    const place = { key: 'k', eventId: 'e', eventName: 'n', occurredAtMs: 1, acceptedAtMs: 2 };
    const written = Buffer.from(new FactsWriter().write([{ ...place, bytes: 3, ...facts }]));
    expect(written.toString()).toBe(`[["k","e","n",1,2,3,"${writeAbout(facts)}"]]`);
  });
});
