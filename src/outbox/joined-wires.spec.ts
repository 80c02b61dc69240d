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
    expect(splitWires(Buffer.from(joiner.join(wires)).toString())).toEqual(wires);
  });
});
