import { readEncryptionKeys } from '../records/encryption-keys';
import { Vault } from '../records/vault';

/** For what the log's keys are derived; another name opens no old log. */
const PURPOSE = 'audit log';

/** The log's keys: that of now, and those of before. */
export interface AuditKeys {
  readonly key: Uint8Array;
  readonly formerKeys: readonly Uint8Array[];
}

/** The same keys for everybody who has the module's encryption keys. */
export function auditKeysFrom(vault: Vault): AuditKeys {
  const [key, ...formerKeys] = vault.derive(PURPOSE) as [Uint8Array, ...Uint8Array[]];
  return { key, formerKeys };
}

/**
 * The keys of the log that the module keeps, for `verifyAuditLog` in another program.
 *
 * @param encryptionKey what the module has as `encryptionKey`, or `TRACKING_ENCRYPTION_KEY`.
 * @throws Error that says what is wrong with it, without showing it.
 */
export function auditKeys(encryptionKey: string | readonly string[]): AuditKeys {
  const keys = readEncryptionKeys(encryptionKey);
  if (typeof keys === 'string') throw new Error(`encryptionKey: ${keys}`);
  if (keys.length === 0) throw new Error('encryptionKey: is empty');
  return auditKeysFrom(new Vault(keys));
}
