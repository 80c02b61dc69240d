import { plainWire } from '../events/packed-wire';
import { splitWires, WireJoiner } from './joined-wires';

describe('joined wire events', () => {
  it.each([
    ['none', []],
    ['one', [{ body: '{"a":1}', envelope: '{"e":2}' }]],
    [
      'several, empty ones and ones beyond ASCII',
      [
        { body: '{"name":"Zoë 🙂"}', envelope: '' },
        { body: '', envelope: '' },
        { body: '{"a":"1,2\\n3"}', envelope: '{"currency":"€"}' },
      ],
    ],
  ])('come apart as they were: %s', (_what, wires) => {
    const joiner = new WireJoiner();
    joiner.join([{ body: 'x'.repeat(100), envelope: '' }]);
    const joined = Buffer.from(joiner.join(wires));
    expect(splitWires(joined).map(plainWire)).toEqual(wires);
  });

  it('come apart where their lengths are characters, as they once were', () => {
    const wires = splitWires(Buffer.from('14,3,2,0\n{"n":"Zoë 🙂"}{é}{}'));
    expect(wires.map(plainWire)).toEqual([
      { body: '{"n":"Zoë 🙂"}', envelope: '{é}' },
      { body: '{}', envelope: '' },
    ]);
  });
});
