import { plainWire, WirePacker } from '../events/packed-wire';
import { joinWires, splitWires } from './joined-wires';

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
    const joined = Buffer.concat(joinWires(wires));
    expect(splitWires(joined).map(plainWire)).toEqual(wires);
    const packer = new WirePacker();
    packer.pack({ body: 'of another', envelope: '' });
    const neighbours = wires.map((wire) => packer.pack(wire));
    expect(Buffer.concat(joinWires(neighbours))).toEqual(joined);
    const turned = [...neighbours].reverse();
    expect(splitWires(Buffer.concat(joinWires(turned))).map(plainWire)).toEqual(
      [...wires].reverse(),
    );
  });

  it('are not copied where they lie beside each other', () => {
    const packer = new WirePacker();
    const wires = Array.from({ length: 100 }, () =>
      packer.pack({ body: '{"a":1}', envelope: '{}' }),
    );
    expect(joinWires(wires)).toHaveLength(2);
    expect(joinWires(wires.filter((_wire, index) => index % 2 === 0))).toHaveLength(51);
  });

  it('come apart where their lengths are characters, as they once were', () => {
    const wires = splitWires(Buffer.from('14,3,2,0\n{"n":"Zoë 🙂"}{é}{}'));
    expect(wires.map(plainWire)).toEqual([
      { body: '{"n":"Zoë 🙂"}', envelope: '{é}' },
      { body: '{}', envelope: '' },
    ]);
  });
});
