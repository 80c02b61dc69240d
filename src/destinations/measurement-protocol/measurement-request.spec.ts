import { isRepeatable, measurementBody, measurementWire } from './measurement-request';

const visitor = { client_id: '1.2' };
const purchase = measurementWire(visitor, {
  name: 'purchase',
  timestamp_micros: 111,
  params: { transaction_id: 'T' },
});
const login = measurementWire(visitor, { name: 'login', timestamp_micros: 222, params: {} });

describe('measurementBody', () => {
  it('says the visitor once, and each event with its own time', () => {
    expect(JSON.parse(Buffer.from(measurementBody([purchase, login])).toString())).toEqual({
      client_id: '1.2',
      timestamp_micros: 111,
      events: [
        { name: 'purchase', timestamp_micros: 111, params: { transaction_id: 'T' } },
        { name: 'login', timestamp_micros: 222, params: {} },
      ],
    });
  });
});

describe('isRepeatable', () => {
  it.each([
    ['a purchase with its transaction', purchase, true],
    [
      'a purchase without',
      measurementWire(visitor, { name: 'purchase', timestamp_micros: 1, params: {} }),
      false,
    ],
    ['any other event', login, false],
  ])('%s', (_name, wire, isTrue) => {
    expect(isRepeatable(wire)).toBe(isTrue);
  });
});
