import { randomBytes } from 'node:crypto';

import { Vault } from '../../src/records/vault';

const KEY = randomBytes(32);

/** As a host sets it; the same for all applications of one spec. */
export const ENCRYPTION_KEY = KEY.toString('base64');

/** Of the same key. */
export const VAULT = new Vault([KEY]);
