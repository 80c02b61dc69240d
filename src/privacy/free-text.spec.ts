import type { Problem } from '../events/problem';
import { cleanDetails, cleanId, cleanProperties } from './free-text';

describe('cleanDetails', () => {
  it.each(['jane@example.com', 'mail jane@example.com', '+1 650 555 1212', 'jane%40example.com'])(
    'drops the search term %s and names it',
    (searchTerm) => {
      const problems: Problem[] = [];
      expect(cleanDetails({ searchTerm, items: [] }, problems)).toEqual({
        items: [],
        searchTerm: undefined,
      });
      expect(problems).toEqual([expect.objectContaining({ field: 'searchTerm', code: 'invalid' })]);
    },
  );

  it.each(['blue mug', '50 + 50', 'a@b', '0.5 l', 'iPhone 15'])(
    'keeps the search term %s',
    (searchTerm) => {
      const problems: Problem[] = [];
      expect(cleanDetails({ searchTerm, items: [] }, problems)).toEqual({ searchTerm, items: [] });
      expect(problems).toEqual([]);
    },
  );
});

describe('the name of a custom event', () => {
  it.each(['jane@example.com', '+1 650 555 1212'])(
    'becomes a hash for %s, and never empty',
    (eventName) => {
      const problems: Problem[] = [];
      expect(cleanDetails({ eventName, items: [] }, problems).eventName).toMatch(/^[0-9a-f]{32}$/);
      expect(problems).toEqual([expect.objectContaining({ field: 'eventName', code: 'changed' })]);
    },
  );
});

describe('cleanProperties', () => {
  it('finds personal data at any depth, names its place and keeps the rest', () => {
    const problems: Problem[] = [];
    const properties = {
      days: 7,
      note: 'jane@example.com',
      nested: { tel: '+44 7911 123456', list: ['ok', 'x@example.com'] },
    };
    expect(cleanProperties(properties, problems)).toEqual({ days: 7, nested: { list: ['ok'] } });
    expect(problems.map(({ field }) => field)).toEqual([
      'properties.note',
      'properties.nested.tel',
      'properties.nested.list[1]',
    ]);
  });
});

describe('cleanId', () => {
  it('puts a hash in the place of an e-mail address, always the same', () => {
    const problems: Problem[] = [];
    const id = cleanId('lead:jane@example.com', 'eventId', problems);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(cleanId('lead:jane@example.com', 'eventId', problems)).toBe(id);
    expect(problems[0]).toMatchObject({ field: 'eventId', code: 'changed' });
  });

  it.each(['10045', '0049301234567', 'in_1', 'a@b'])('leaves %s alone', (id) => {
    expect(cleanId(id, 'orderId', [])).toBe(id);
  });

  it('holds for the IDs and the items of an event', () => {
    const problems: Problem[] = [];
    const items = [{ id: 'a@example.com', name: 'for b@example.com', quantity: 1 }];
    const cleaned = JSON.stringify(
      cleanDetails({ orderId: 'c@example.com', coupon: 'd@example.com', items }, problems),
    );
    expect(cleaned).not.toContain('@');
    expect(problems.map(({ field }) => field)).toEqual([
      'coupon',
      'orderId',
      'items[0].id',
      'items[0].name',
    ]);
  });
});
