import { readEncryptionKeys } from '../records/encryption-keys';
import { Vault } from '../records/vault';

export type Env = Readonly<Record<string, string | undefined>>;

/** The storage that is meant; `undefined`: none is named. Never shown: it may hold a password. */
export function storageUrl(
  option: string | boolean | undefined,
  env: Env,
  problems: string[],
): string | undefined {
  const asked = [option, env.TRACKING_STORAGE_URL, env.REDIS_URL]
    .map((value) => (typeof value === 'string' ? value.trim() : ''))
    .find((value) => value !== '');
  if (asked !== undefined && !/^[a-z]+:/.test(asked))
    problems.push('--storage: expected file:./data/tracking.db, redis://... or postgres://...');
  return asked;
}

/** Without a key it opens nothing; what needs no body works nonetheless. */
export function readVault({ TRACKING_ENCRYPTION_KEY }: Env, problems: string[]): Vault {
  const keys = readEncryptionKeys(TRACKING_ENCRYPTION_KEY);
  if (typeof keys === 'string') problems.push(`TRACKING_ENCRYPTION_KEY: ${keys}`);
  return typeof keys === 'string' || keys.length === 0 ? Vault.ephemeral() : new Vault(keys);
}
