import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';

import fc from 'fast-check';

import { KeyedHash } from './keyed-hash';

const key = fc.uint8Array({ minLength: 1, maxLength: 200 });
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ minLength: 400, maxLength: 3_000 }),
);

describe('KeyedHash', () => {
  it('is what Node.js says of the same key and text, one after the other', () => {
    fc.assert(
      fc.property(key, fc.array(text, { minLength: 1, maxLength: 5 }), (bytes, texts) => {
        const keyed = new KeyedHash(bytes);
        for (const one of texts)
          expect(keyed.of(one)).toBe(createHmac('sha256', bytes).update(one).digest('base64url'));
      }),
    );
  });

  // RFC 4231, test cases 1, 2 and 6.
  it.each([
    [
      Buffer.alloc(20, 0x0b),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      Buffer.from('Jefe'),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      Buffer.alloc(131, 0xaa),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ])('is what the standard says (%#)', (bytes, data, hex) => {
    expect(Buffer.from(new KeyedHash(bytes).of(data), 'base64url').toString('hex')).toBe(hex);
  });

  it('shows its key to nobody who prints it', () => {
    const printed = inspect(new KeyedHash(Buffer.alloc(32, 7)), { showHidden: true, depth: 9 });
    expect(printed).toBe('KeyedHash {}');
  });
});
