import { idempotencyKey, type IdempotencyParts } from './idempotency-key';

const parts: IdempotencyParts = {
  destination: 'meta',
  event: 'purchase',
  eventId: 'a',
  tenantId: undefined,
};

describe('idempotencyKey', () => {
  it('is the same for the same event', () => {
    expect(idempotencyKey({ ...parts })).toBe(idempotencyKey(parts));
  });

  it.each<[string, Partial<IdempotencyParts>]>([
    ['another destination', { destination: 'tiktok' }],
    ['another event of the same ID', { event: 'begin_checkout' }],
    ['another ID', { eventId: 'b' }],
    ['a tenant', { tenantId: 't' }],
    ['an ID that looks like an ID and a tenant', { eventId: 'a|t' }],
    ['an ID with a backslash', { eventId: 'a\\' }],
  ])('differs for %s', (_name, other) => {
    expect(idempotencyKey({ ...parts, ...other })).not.toBe(idempotencyKey(parts));
  });

  it('cannot be forged across its parts', () => {
    expect(idempotencyKey({ ...parts, eventId: 'a|t' })).not.toBe(
      idempotencyKey({ ...parts, tenantId: 't' }),
    );
  });
});
