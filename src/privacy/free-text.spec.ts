import type { Problem } from '../events/problem';
import { cleanDetails, cleanProperties } from './free-text';

describe('cleanDetails', () => {
  it.each(['jane@example.com', 'mail jane@example.com', '+1 650 555 1212', 'jane%40example.com'])(
    'drops the search term %s and names it',
    (searchTerm) => {
      const problems: Problem[] = [];
      expect(cleanDetails({ searchTerm, items: [] }, problems)).toEqual({ items: [] });
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
