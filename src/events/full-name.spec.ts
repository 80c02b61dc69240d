import { splitFullName } from './full-name';

describe('splitFullName', () => {
  it.each([
    ['Jane Doe', { firstName: 'Jane', lastName: 'Doe' }],
    ['  Jane   Mary Doe ', { firstName: 'Jane Mary', lastName: 'Doe' }],
    ['Doe, Jane', { firstName: 'Jane', lastName: 'Doe' }],
    ['Vincent van Gogh', { firstName: 'Vincent', lastName: 'van Gogh' }],
    ['Ludwig Mies van der Rohe', { firstName: 'Ludwig Mies', lastName: 'van der Rohe' }],
    ['Van Morrison', { firstName: 'Van', lastName: 'Morrison' }],
    ['Plato', { firstName: 'Plato' }],
    ['', {}],
    [' , ', {}],
  ])('%j', (name, parts) => {
    expect(splitFullName(name)).toEqual(parts);
  });
});
