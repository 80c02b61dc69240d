import { appSecretProof } from './meta.destination';
import { isTooWeak } from './meta-match-keys';
import type { MetaUserData } from './meta.payload';

describe('appSecretProof', () => {
  it('is the HMAC of the token under the secret', () => {
    expect(appSecretProof('app-secret-example', 'EAAtokenexample')).toBe(
      'c7ad3467e9f8df3054ee06c9b289b35f4157e396d9155e6a5fa4c87da3a898e5',
    );
  });
});

describe('isTooWeak', () => {
  const h = ['hash'];
  it.each<[MetaUserData, boolean]>([
    [{}, true],
    [{ client_user_agent: 'UA' }, true],
    [{ ct: h, country: h, st: h, zp: h, ge: h, client_user_agent: 'UA' }, true],
    [{ db: h, client_user_agent: 'UA' }, true],
    [{ fn: h, ge: h }, true],
    [{ ln: h, ge: h }, true],
    [{ fn: h, ln: h }, false],
    [{ ct: h, db: h }, false],
    [{ em: h }, false],
    [{ client_ip_address: '203.0.113.7', client_user_agent: 'UA' }, false],
    [{ fbp: 'fb.1.1.1' }, false],
    [{ em: undefined, client_user_agent: 'UA' }, true],
  ])('%j: %s', (userData, isWeak) => {
    expect(isTooWeak(userData)).toBe(isWeak);
  });
});
