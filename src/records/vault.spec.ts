import { randomBytes } from 'node:crypto';

import { readEncryptionKey, SealError, Vault } from './vault';

const OLD = randomBytes(32);
const NEW = randomBytes(32);
const PLACE = 'contexts:a';

describe('Vault', () => {
  it('opens what it sealed, in any script', () => {
    const vault = Vault.ephemeral();
    const text = 'jäne 東京 👋 "quoted" \u0000';
    expect(vault.open(vault.seal(text, PLACE), PLACE)).toBe(text);
    expect(vault.openText(vault.sealText(text, PLACE), PLACE)).toBe(text);
  });

  it('shows nothing of the text, and never the same bytes twice', () => {
    const vault = Vault.ephemeral();
    const sealed = vault.seal('203.0.113.77', PLACE);
    expect(sealed.toString('latin1')).not.toContain('203.0.113');
    expect(vault.seal('203.0.113.77', PLACE)).not.toEqual(sealed);
  });

  it('uses no nonce twice', () => {
    const vault = Vault.ephemeral();
    const nonces = Array.from({ length: 2_000 }, () =>
      vault.seal('', PLACE).subarray(5, 17).toString('hex'),
    );
    expect(new Set(nonces).size).toBe(2_000);
  });

  it('opens with an older key, and seals with the newest', () => {
    const sealed = new Vault([OLD]).seal('kept', PLACE);
    const rotated = new Vault([NEW, OLD]);
    expect(rotated.open(sealed, PLACE)).toBe('kept');
    const resealed = rotated.seal('kept', PLACE);
    expect(new Vault([NEW]).open(resealed, PLACE)).toBe('kept');
  });

  it('tells what is sealed with the newest key', () => {
    const sealed = new Vault([OLD]).sealText('kept', PLACE);
    const rotated = new Vault([NEW, OLD]);
    expect(rotated.isNewest(sealed)).toBe(false);
    expect(rotated.isNewest(rotated.sealText('kept', PLACE))).toBe(true);
  });

  it('says that a key is missing', () => {
    const sealed = new Vault([OLD]).seal('kept', PLACE);
    expect(() => new Vault([NEW]).open(sealed, PLACE)).toThrow(/key that is not among/);
  });

  it('refuses what was altered, cut, moved to another place, or never sealed', () => {
    const vault = new Vault([OLD]);
    const sealed = vault.seal('kept', PLACE);
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] as number) ^ 1;
      expect(() => vault.open(altered, PLACE)).toThrow(SealError);
    }
    expect(() => vault.open(sealed.subarray(0, -1), PLACE)).toThrow(SealError);
    expect(() => vault.open(sealed, 'contexts:b')).toThrow(SealError);
    expect(() => vault.openText('{"ip":"203.0.113.77"}', PLACE)).toThrow(SealError);
  });
});

describe('readEncryptionKey', () => {
  it.each(['hex', 'base64', 'base64url'] as const)('reads %s', (encoding) => {
    expect(Buffer.from(readEncryptionKey(` ${OLD.toString(encoding)}\n`) ?? []).equals(OLD)).toBe(
      true,
    );
  });

  it.each(['', 'secret', 'a'.repeat(42), 'a'.repeat(63), `${'a'.repeat(43)}é`])(
    'refuses %p',
    (text) => {
      expect(readEncryptionKey(text)).toBeUndefined();
    },
  );
});
