import type { UserData } from 'nestjs-server-tracking';

/*
 * People whose values have published or printed hashes: the SHA-256 of each normal form stands in the
 * vectors of the platforms' own pages. The goldens spell the hashes out; nothing is hashed here.
 */

/** With every field, in the untidy spelling of a form. */
export const MARY: UserData = {
  id: 'user_123',
  email: '  John_Smith@gmail.com ',
  phone: '+1 (213) 373-4253',
  firstName: 'Mary',
  lastName: "O'Brien",
  dateOfBirth: '2/16/1997',
  gender: 'Female',
  city: 'New York',
  state: 'CA',
  postalCode: '94035-1234',
  country: 'US',
};

/** Gmail with a dot, which only Google takes out; a British phone and postcode. */
export const JANE: UserData = {
  email: 'Jane.Doe@Gmail.com ',
  phone: '+44 7911 123456',
  firstName: 'Jane',
  lastName: 'Doe',
  postalCode: 'M1 1AE',
  country: 'GB',
};

/** A Chinese phone: TikTok alone wants it without +86. */
export const XIAOMING: UserData = { phone: '+86 138 0000 0000', country: 'CN' };

/** Letters outside ASCII, a phone that starts with 00, a state that is no US state. */
export const VALERY: UserData = {
  email: 'Jane.Doe+promo@Example.com',
  phone: '0039 333 123 4567',
  firstName: 'Valéry',
  lastName: '정',
  gender: 'male',
  city: 'São Paulo',
  state: 'Bayern',
  country: 'DE',
};

/** Two first names: Google keeps the space between them, the others do not. */
export const MARY_ANN: UserData = { firstName: 'Mary Ann', lastName: 'Smith', country: 'us' };

/** Values that the host has hashed already. */
export const HASHED: UserData = {
  id: '80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b',
  email: '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f',
};
