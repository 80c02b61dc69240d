import type { Problem } from '../events/problem';
import { USER_DATA_FORMS, type UserDataForm } from '../events/protected-event';
import type { UserData } from '../events/user-data';
import { protectUserData } from './protect-user-data';
import { sha256 } from './sha256';

const ALL = new Set(USER_DATA_FORMS);

function hashOf(user: UserData, form: UserDataForm): string | undefined {
  return protectUserData(user, { forms: ALL }, [])[form];
}

describe('the hash vectors of Meta', () => {
  it.each<[string, UserData, UserDataForm, string]>([
    [
      'em',
      { email: '  John_Smith@gmail.com ' },
      'email',
      '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f',
    ],
    [
      'em with a tag',
      { email: 'Jane.Doe+promo@Example.com' },
      'email',
      'c3374bcfe3572e09f37602e0e179782352c5e117a4a3767824abbaa21bbdef8b',
    ],
    [
      'ph US',
      { phone: '+1 (650) 555-1212' },
      'phoneDigits',
      'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176',
    ],
    [
      'ph GB',
      { phone: '+44 7911 123456' },
      'phoneDigits',
      '40b5c38342a9c584ec707e8679b003f8c779c6aaa138c976ef94e049cc05208f',
    ],
    [
      'ph with 00',
      { phone: '0039 333 123 4567' },
      'phoneDigits',
      '0efc79e9473975b30516d1873027513a35fb5ed450f0e6c13e368c4e38eceeeb',
    ],
    [
      'fn',
      { firstName: 'Mary' },
      'firstName',
      '6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec',
    ],
    [
      'fn in Hangul',
      { firstName: '정' },
      'firstName',
      '8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14',
    ],
    [
      'fn with an accent',
      { firstName: 'Valéry' },
      'firstName',
      '08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c',
    ],
    [
      'fn with an accent, decomposed',
      { firstName: 'Valéry'.normalize('NFD') },
      'firstName',
      '08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c',
    ],
    [
      'fn with a hyphen',
      { firstName: 'Jean-Luc' },
      'firstName',
      '7fef38066db9900f992fa9926eea8cc648f44c2af50c4d511c415422196c8ef5',
    ],
    [
      'ln with an apostrophe',
      { lastName: "O'Brien" },
      'lastName',
      'b4cb6cb33fe4b865868de825023a1e2790dc12ac01ecc8d7c5afe8254071c8ba',
    ],
    [
      'ln',
      { lastName: 'Smith' },
      'lastName',
      '6627835f988e2c5e50533d491163072d3f4f41f5c8b04630150debb3722ca2dd',
    ],
    [
      'db',
      { dateOfBirth: '2/16/1997' },
      'dateOfBirth',
      '01acdbf6ec7b4f478a225f1a246e5d6767eeab1a7ffa17f025265b5b94f40f0c',
    ],
    [
      'ge female',
      { gender: 'Female' },
      'gender',
      '252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111',
    ],
    [
      'ge male',
      { gender: 'male' },
      'gender',
      '62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a',
    ],
    [
      'ct',
      { city: 'New York' },
      'city',
      '350c754ba4d38897693aa077ef43072a859d23f613443133fecbbd90a3512ca5',
    ],
    [
      'ct with an accent',
      { city: 'São Paulo' },
      'city',
      '3eda1428ae1aece064071f8d40f08fe2bc59ffa66c171a163caf15122ec4d7f0',
    ],
    [
      'st US',
      { state: 'CA', country: 'US' },
      'state',
      '6959097001d10501ac7d54c0bdb8db61420f658f2922cc26e46d536119a31126',
    ],
    [
      'st US by name',
      { state: 'California', country: 'US' },
      'state',
      '6959097001d10501ac7d54c0bdb8db61420f658f2922cc26e46d536119a31126',
    ],
    [
      'st elsewhere',
      { state: 'Bayern', country: 'DE' },
      'state',
      '52b07f18c831ba4b08ba0b8bc84c6e023a825dfd385d20d8dcbf410d11c546e7',
    ],
    [
      'zp US',
      { postalCode: '94035-1234' },
      'postalCode',
      '1794327a4d443904421f5ca1f3d72d0a62ba2f0770d80755ec2220fc0efb052e',
    ],
    [
      'zp GB',
      { postalCode: 'M1 1AE', country: 'GB' },
      'postalCode',
      '1dc694c2070e697769fb959b50671d76cafd430d8ca191fbdd0affcaea344ac5',
    ],
    [
      'country US',
      { country: 'US' },
      'country',
      '79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621',
    ],
    [
      'country GB',
      { country: 'GB' },
      'country',
      '0b407281768f0e833afef47ed464b6571d01ca4d53c12ce5c51d1462f4ad6677',
    ],
    [
      'external_id',
      { id: 'user_123' },
      'externalId',
      '80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b',
    ],
  ])('%s', (_name, user, form, hash) => {
    expect(hashOf(user, form)).toBe(hash);
  });
});

describe('the hash vectors of TikTok', () => {
  it.each<[string, UserData, UserDataForm, string]>([
    [
      'email',
      { email: ' John_Smith@gmail.com' },
      'email',
      '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f',
    ],
    [
      'email, spaces behind',
      { email: 'Test@Example.com ' },
      'email',
      '973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b',
    ],
    [
      'phone US',
      { phone: '+1 (213) 373-4253' },
      'phoneTikTok',
      '9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd',
    ],
    [
      'phone GB with 00',
      { phone: '0044 7911 123456' },
      'phoneTikTok',
      '20b18ac9de7b3aad174961827d8e451c410af9aedfd1d699927f4b29b81aa1fa',
    ],
    [
      'phone CN loses +86',
      { phone: '+86 138 0000 0000' },
      'phoneTikTok',
      '359ea74a80a57accd42a7311ed96eca04f3e631d0ab34ea76808c543240d8a68',
    ],
    [
      'external_id',
      { id: 'user_123' },
      'externalId',
      '80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b',
    ],
    [
      'first_name',
      { firstName: 'Jane' },
      'firstName',
      '81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2',
    ],
    [
      'last_name',
      { lastName: 'Doe' },
      'lastName',
      '799ef92a11af918e3fb741df42934f3b568ed2d93ac1df74f1b8d41a27932a6f',
    ],
    [
      'zip_code US',
      { postalCode: '94025-1234', country: 'US' },
      'postalCode',
      'b9a9cf3cd3723a2e91b7c23ecf68456e872b6e5d86e5cab7f3d45a7302da32c7',
    ],
    [
      'zip_code GB',
      { postalCode: 'M1 1AE' },
      'postalCode',
      '1dc694c2070e697769fb959b50671d76cafd430d8ca191fbdd0affcaea344ac5',
    ],
  ])('%s', (_name, user, form, hash) => {
    expect(hashOf(user, form)).toBe(hash);
  });

  it('differ from Meta in the phone, which Meta wants without a plus', () => {
    expect(hashOf({ phone: '+1 (213) 373-4253' }, 'phoneDigits')).toBe(
      '1f81adb30e11317806be982cc82769fbf8627833a89dd87cb24d282f71828830',
    );
  });

  it('leave the country unhashed and in lower case', () => {
    expect(protectUserData({ country: 'IT' }, { forms: ALL }, []).countryCode).toBe('it');
  });
});

describe('the hash vectors of Google', () => {
  it.each<[string, UserData, UserDataForm, string]>([
    [
      'gmail.com without dots',
      { email: 'Jane.Doe@Gmail.com ' },
      'emailGoogle',
      'd6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69',
    ],
    [
      'googlemail.com without dots',
      { email: 'jane.doe@googlemail.com' },
      'emailGoogle',
      '338abf9ef1c8793cadc7bcf51ed595338eb727ed9e06ce3d91d566d60b975937',
    ],
    [
      'every dot, not the first only',
      { email: 'j.a.n.e.doe@gmail.com' },
      'emailGoogle',
      'd6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69',
    ],
    [
      'elsewhere the dots stay',
      { email: 'Jane.Doe@example.com' },
      'emailGoogle',
      '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d',
    ],
    [
      'phone US',
      { phone: '+1 (213) 373-4253' },
      'phoneE164',
      '9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd',
    ],
    [
      'phone GB',
      { phone: '+44 7911 123456' },
      'phoneE164',
      '20b18ac9de7b3aad174961827d8e451c410af9aedfd1d699927f4b29b81aa1fa',
    ],
    [
      'first name',
      { firstName: 'John' },
      'firstNameGoogle',
      '96d9632f363564cc3032521409cf22a852f2032eec099ed5967c0d000cec607a',
    ],
    ['first name without digits', { firstName: ' John 3rd' }, 'firstNameGoogle', sha256('john rd')],
    [
      'last name',
      { lastName: "O'Brien" },
      'lastNameGoogle',
      'b4cb6cb33fe4b865868de825023a1e2790dc12ac01ecc8d7c5afe8254071c8ba',
    ],
    [
      'street',
      { street: '123 Main Street' },
      'streetGoogle',
      'f090a33660d8c8ce0d9431a38c9d3088c32e7d40e2c76f9334e58fd543f4e069',
    ],
    [
      'street with symbols',
      { street: '123 Main St., Apt #4' },
      'streetGoogle',
      '2752fcfb4696cff5c693373fc40a90db5e21202e8e32d0dc034d3dec3408d415',
    ],
  ])('%s', (_name, user, form, hash) => {
    expect(hashOf(user, form)).toBe(hash);
  });

  it('leave Gmail dots alone for Meta and TikTok', () => {
    expect(hashOf({ email: 'Jane.Doe@Gmail.com' }, 'email')).toBe(sha256('jane.doe@gmail.com'));
  });
});

describe('protectUserData', () => {
  const HASH = '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f';

  it.each<[string, string]>([
    ['a hash', HASH],
    ['a hash in upper case', HASH.toUpperCase()],
    ["a hash with the appendix of Meta's own library", `${HASH}.AQQCAQIB`],
  ])('passes %s on and never hashes it again', (_name, value) => {
    const user = protectUserData(
      { id: value, email: value, phone: value, firstName: value },
      { forms: ALL },
      [],
    );
    expect(user.externalId).toBe(HASH);
    expect([user.email, user.emailGoogle, user.phoneDigits, user.phoneTikTok]).toEqual([
      HASH,
      HASH,
      HASH,
      HASH,
    ]);
    expect([user.firstName, user.firstNameGoogle]).toEqual([HASH, HASH]);
  });

  it.each<[string, UserData, string]>([
    ['an e-mail that is none', { email: 'john at gmail' }, 'user.email'],
    ['a phone that is none', { phone: 'call me' }, 'user.phone'],
    ['a phone that is too short', { phone: '+1 650 555' }, 'user.phone'],
    ['a phone without country', { phone: '07911 123456' }, 'user.phone'],
    ['a date that does not exist', { dateOfBirth: '1997-02-30' }, 'user.dateOfBirth'],
    ['a country that is none', { country: 'Middle-earth' }, 'user.country'],
  ])('drops %s and names it without showing it', (_name, user, field) => {
    const problems: Problem[] = [];
    expect(protectUserData(user, { forms: ALL }, problems)).toEqual({});
    expect(problems).toEqual([expect.objectContaining({ field, code: 'invalid' })]);
    for (const value of Object.values(user)) expect(JSON.stringify(problems)).not.toContain(value);
  });

  it.each<[string, UserData, string | undefined]>([
    ["the user's country", { phone: '07911 123456', country: 'GB' }, 'US'],
    ['the default country', { phone: '07911 123456' }, 'GB'],
  ])('reads a national phone by %s', (_name, user, defaultCountry) => {
    expect(protectUserData(user, { forms: ALL, defaultCountry }, []).phoneE164).toBe(
      sha256('+447911123456'),
    );
  });

  it.each<[string, UserData]>([
    ['gender', { gender: 'unknown' }],
    ['a name of punctuation only', { firstName: '--' }],
    ['a postal code of dashes', { postalCode: ' - ' }],
  ])('never hashes what is empty: %s', (_name, user) => {
    expect(protectUserData(user, { forms: ALL }, [])).toEqual({});
  });

  it('makes only the forms that are asked for', () => {
    const user: UserData = { email: 'a@example.com', phone: '+16505551212', gender: 'f' };
    expect(Object.keys(protectUserData(user, { forms: new Set(['email']) }, []))).toEqual([
      'email',
    ]);
  });

  it.each([
    ['1997-02-16'],
    ['19970216'],
    ['1997/02/16'],
    ['02/16/1997'],
    ['16.02.1997'],
    ['1997-02-16T00:00:00Z'],
  ])('reads the birth date %s', (dateOfBirth) => {
    expect(hashOf({ dateOfBirth }, 'dateOfBirth')).toBe(sha256('19970216'));
  });

  it('reads a birth date that is a Date', () => {
    expect(hashOf({ dateOfBirth: new Date('1997-02-16T00:00:00Z') }, 'dateOfBirth')).toBe(
      sha256('19970216'),
    );
  });

  it.each([
    ['United States', 'us'],
    ['USA', 'us'],
    ['uk', 'gb'],
    ['United Kingdom', 'gb'],
    ['Germany', 'de'],
    ['de', 'de'],
  ])('reads the country %s', (country, code) => {
    expect(protectUserData({ country }, { forms: ALL }, []).countryCode).toBe(code);
  });

  it.each([
    ['10-001', 'PL', '10001'],
    ['94035', 'US', '94035'],
    ['940351234', 'US', '94035'],
    ['1234-567', 'PT', '1234567'],
  ])('keeps the postal code %s of %s whole unless it is a ZIP+4', (postalCode, country, normal) => {
    expect(hashOf({ postalCode, country }, 'postalCode')).toBe(sha256(normal));
  });

  it.each([['jane@example.com'], ['+1 650 555 1212']])(
    'does not send %s as a raw user ID',
    (id) => {
      const user = protectUserData({ id }, { forms: ALL }, []);
      expect(user.userId).toBeUndefined();
      expect(user.externalId).toBe(sha256(id));
    },
  );
});
