import { completeEvent, type Completion } from './complete-event';
import type { CompletedEvent } from './completed-event';
import type { EventName } from './tracking-event';

const NOW = Date.UTC(2026, 0, 15, 10);
const ORDER = { orderId: '10045', value: 49.9, currency: 'eur' };

function completed(name: EventName, input: unknown): CompletedEvent {
  const completion = completeEvent(name, input, NOW);
  if (completion.kind !== 'completed') throw new Error(JSON.stringify(completion.problems));
  return completion.event;
}

function problemsOf(completion: Completion): string[] {
  return completion.problems.map(({ field, code }) => `${field}: ${code}`);
}

describe('the event ID', () => {
  it.each<[string, EventName, object, string]>([
    ["the host's, where it gives one", 'purchase', { ...ORDER, eventId: 'mine' }, 'mine'],
    ['of a purchase from the order', 'purchase', ORDER, 'purchase:10045'],
    ['of a refund from the order', 'refund', ORDER, 'refund:10045'],
    [
      'of a partial refund with its own ID',
      'refund',
      { ...ORDER, refundId: 're_1' },
      'refund:10045:re_1',
    ],
    ['of a lead from its ID', 'lead', { leadId: 'L-7' }, 'lead:L-7'],
    [
      'of a trial',
      'subscription',
      { phase: 'trial', subscriptionId: 'sub_1' },
      'subscription:sub_1:trial',
    ],
    [
      'of a start',
      'subscription',
      { phase: 'start', subscriptionId: 'sub_1' },
      'subscription:sub_1:start',
    ],
    [
      'of a renewal from its invoice',
      'subscription',
      { phase: 'renew', subscriptionId: 'sub_1', invoiceId: 'in_2' },
      'renew:in_2',
    ],
    [
      'of a cancellation',
      'subscription',
      { phase: 'cancel', subscriptionId: 'sub_1' },
      'subscription:sub_1:cancel',
    ],
  ])('is %s', (_rule, name, input, eventId) => {
    expect(completed(name, input).eventId).toBe(eventId);
  });

  it.each<[string, EventName, object]>([
    ['a page view', 'page_view', {}],
    [
      'a renewal without invoice, because there are many',
      'subscription',
      { phase: 'renew', subscriptionId: 'sub_1' },
    ],
  ])('is a UUID v7 for %s', (_rule, name, input) => {
    expect(completed(name, input).eventId).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });
});

describe('the time', () => {
  it.each<[string, unknown, number]>([
    ['is now by default', undefined, NOW],
    ['takes milliseconds', NOW - 1_000, NOW - 1_000],
    ['takes a Date', new Date(NOW - 2_000), NOW - 2_000],
    ['takes ISO 8601', '2026-01-15T09:59:00Z', NOW - 60_000],
    ['is now for a clock that runs a little fast', NOW + 30_000, NOW],
  ])('%s', (_rule, occurredAt, time) => {
    const completion = completeEvent('contact', { occurredAt }, NOW);
    expect(completion).toMatchObject({ event: { occurredAtMs: time }, problems: [] });
  });

  it.each<[string, unknown]>([
    ['seconds', 1_760_000_000],
    ['the future', NOW + 3_600_000],
    ['no date', 'yesterday'],
    ['an invalid Date', new Date(NaN)],
    ['NaN', NaN],
    ['an object', {}],
  ])('is now, and the problem is named, for %s', (_rule, occurredAt) => {
    const completion = completeEvent('contact', { occurredAt }, NOW);
    expect(completion).toMatchObject({ event: { occurredAtMs: NOW } });
    expect(problemsOf(completion)).toEqual(['occurredAt: invalid']);
  });
});

describe('money', () => {
  it('has its currency in upper case, and zero is a value', () => {
    expect(completed('purchase', { ...ORDER, value: 0 }).details).toMatchObject({
      value: 0,
      currency: 'EUR',
    });
  });

  it.each<[string, object, string[]]>([
    ['NaN', { ...ORDER, value: NaN }, ['value: invalid']],
    ['Infinity', { ...ORDER, value: Infinity }, ['value: invalid']],
    ['a negative value', { ...ORDER, value: -1 }, ['value: invalid']],
    ['a bigint', { ...ORDER, value: 5n }, ['value: invalid']],
    ['text that is no number', { ...ORDER, value: '49,90' }, ['value: invalid']],
    ['no value', { ...ORDER, value: undefined }, ['value: missing']],
    ['no currency', { ...ORDER, currency: undefined }, ['currency: missing']],
    ['a currency that is none', { ...ORDER, currency: 'EURO' }, ['currency: invalid']],
    ['no order ID', { ...ORDER, orderId: ' ' }, ['orderId: missing']],
    [
      'everything at once',
      { orderId: {}, value: 'x', currency: 'ZZZ' },
      ['orderId: invalid', 'orderId: missing', 'value: invalid', 'currency: invalid'],
    ],
  ])('rejects a purchase with %s and names all of it', (_rule, input, problems) => {
    const completion = completeEvent('purchase', input, NOW);
    expect(completion.kind).toBe('rejected');
    expect(problemsOf(completion)).toEqual(problems);
  });

  it('drops a value without currency from an event that lives without', () => {
    const completion = completeEvent('lead', { leadId: 'L', value: 5 }, NOW);
    expect(completion).toMatchObject({ kind: 'completed', event: { details: { leadId: 'L' } } });
    expect(problemsOf(completion)).toEqual(['currency: missing']);
  });

  it('takes the decimal text that databases return', () => {
    expect(completed('purchase', { ...ORDER, value: '49.90' }).details.value).toBe(49.9);
  });
});

describe('bad input', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['text', 'purchase'],
    ['a number', 7],
    ['an array', []],
  ])('rejects %s', (_name, input) => {
    expect(completeEvent('purchase', input, NOW).kind).toBe('rejected');
  });

  it('drops a field whose getter throws and keeps the event', () => {
    const input = {
      ...ORDER,
      get coupon(): string {
        throw new Error('no');
      },
    };
    const completion = completeEvent('purchase', input, NOW);
    expect(completion.kind).toBe('completed');
    expect(problemsOf(completion)).toEqual(['coupon: unreadable']);
  });

  it('drops text that is too long', () => {
    const completion = completeEvent('purchase', { ...ORDER, coupon: 'x'.repeat(10_000_000) }, NOW);
    expect(problemsOf(completion)).toEqual(['coupon: too_long']);
  });

  it('drops items that are none and names each', () => {
    const items = [
      { id: 'A' },
      null,
      { name: 'no id' },
      { id: 7, price: NaN, quantity: 'many' },
      'text',
    ];
    const completion = completeEvent('purchase', { ...ORDER, items }, NOW);
    expect(completion).toMatchObject({
      event: {
        details: {
          items: [
            { id: 'A', quantity: 1 },
            { id: '7', quantity: 1 },
          ],
        },
      },
    });
    expect(problemsOf(completion)).toEqual([
      'items[1]: invalid',
      'items[2].id: missing',
      'items[3].price: invalid',
      'items[3].quantity: invalid',
      'items[4]: invalid',
    ]);
  });

  it('copies properties as JSON: no cycles, no functions, no way to a prototype', () => {
    const properties = JSON.parse(
      '{"ok":1,"nested":{"deep":[1,"a"]},"__proto__":{"polluted":true}}',
    ) as Record<string, unknown>;
    properties.self = properties;
    properties.big = 5n;
    properties.call = () => 1;
    properties.date = new Date(NOW);
    const { event, problems } = completeEvent(
      'custom',
      { eventName: 'X', properties },
      NOW,
    ) as Extract<Completion, { kind: 'completed' }>;
    expect(event.properties).toMatchObject({
      ok: 1,
      nested: { deep: [1, 'a'] },
      date: '2026-01-15T10:00:00.000Z',
    });
    expect(event.properties).not.toHaveProperty('big');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(problems.map(({ field }) => field)).toEqual(
      expect.arrayContaining(['properties', 'properties.big', 'properties.call']),
    );
    expect(() => JSON.stringify(event.properties)).not.toThrow();
  });

  it('takes a consent that cannot be read for a refusal', () => {
    expect(completed('contact', { consent: 'yes' }).consent).toMatchObject({
      adStorage: 'denied',
      analyticsStorage: 'denied',
    });
    expect(completed('contact', { consent: { adStorage: 'yes' } }).consent.adStorage).toBe(
      'denied',
    );
  });

  it('keeps no reference to the input', () => {
    const input = {
      ...ORDER,
      items: [{ id: 'A' }],
      properties: { a: { b: 1 } },
      user: { email: 'a@example.com' },
    };
    const event = completed('purchase', input);
    input.items[0] = { id: 'B' };
    input.properties.a.b = 2;
    input.user.email = 'b@example.com';
    expect(event).toMatchObject({
      details: { items: [{ id: 'A' }] },
      properties: { a: { b: 1 } },
      user: { email: 'a@example.com' },
    });
  });
});

describe('the user', () => {
  it('has a full name split where the parts are missing', () => {
    expect(completed('contact', { user: { fullName: 'Jane Doe' } }).user).toMatchObject({
      firstName: 'Jane',
      lastName: 'Doe',
    });
    expect(
      completed('contact', { user: { fullName: 'Jane Doe', firstName: 'J' } }).user,
    ).toMatchObject({ firstName: 'J', lastName: 'Doe' });
  });

  it('takes whole numbers and bigints for IDs', () => {
    expect(completed('contact', { user: { id: 42 } }).user.id).toBe('42');
    expect(completed('contact', { user: { id: 42n } }).user.id).toBe('42');
  });
});
