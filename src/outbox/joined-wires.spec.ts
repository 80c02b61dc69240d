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
    expect(splitWires(joinWires(wires))).toEqual(wires);
  });
});
