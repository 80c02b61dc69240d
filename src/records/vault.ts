import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

import type { ReusedMemory } from './reused-memory';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + ID_BYTES + NONCE_BYTES + TAG_BYTES;
/** How much longer than its text (in UTF-8) a sealed value is. */
export const SEAL_BYTES = HEAD_BYTES;
/** First byte of all that is sealed so. */
const VERSION = 1;

interface Key {
  /** First bytes of the key's hash: says which key opens it, and nothing of the key. */
  readonly id: Buffer;
  readonly secret: KeyObject;
}

/** What was sealed cannot be opened: with a key that is not there any more, or it was altered. */
export class SealError extends Error {
  override readonly name = 'SealError';

  constructor(
    message: string,
    /** It opens with a key that is not here: nothing is wrong with it. */
    readonly isKeyMissing: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Encrypts what lies in a storage: AES-256-GCM with a random nonce for each value. The first key seals, all
 * of them open: put a new key in front and keep the old one until nothing sealed with it is left.
 */
export class Vault {
  private readonly keys: readonly Key[];
  private nonces = Buffer.alloc(0);
  private nextNonceAt = 0;

  /** @param keys 32 bytes each; the first one seals. */
  constructor(
    keys: readonly Uint8Array[],
    /** Its key goes with the process: nothing that stays may be sealed with it. */
    readonly isEphemeral = false,
  ) {
    if (keys.length === 0) throw new Error('a vault needs a key');
    this.keys = keys.map((bytes) => {
      if (bytes.length !== KEY_BYTES) throw new Error(`a key has ${KEY_BYTES} bytes`);
      const id = createHash('sha256').update('vault key id').update(bytes).digest();
      return { id: id.subarray(0, ID_BYTES), secret: createSecretKey(bytes) };
    });
  }

  /** For what does not outlive the process. */
  static ephemeral(): Vault {
    return new Vault([randomBytes(KEY_BYTES)], true);
  }

  /**
   * @param content a text, or its UTF-8 in pieces.
   * @param place what it is and where it stands, such as `contexts:<key>`: it opens there alone.
   * @param memory to put it in, where it is used up before that is used again.
   */
  seal(content: string | readonly Uint8Array[], place: string, memory?: ReusedMemory): Buffer {
    const [key] = this.keys as [Key];
    const nonce = this.nonce();
    const cipher = createCipheriv(CIPHER, key.secret, nonce);
    cipher.setAAD(Buffer.from(place));
    const sealed =
      typeof content === 'string'
        ? [cipher.update(content, 'utf8')]
        : content.map((piece) => cipher.update(piece));
    cipher.final();
    const parts = [VERSION_BYTE, key.id, nonce, cipher.getAuthTag(), ...sealed];
    return memory === undefined ? Buffer.concat(parts) : memory.concat(parts);
  }

  /** @throws SealError */
  open(sealed: Uint8Array, place: string): string {
    return this.openBytes(sealed, place).toString('utf8');
  }

  /** @throws SealError */
  openBytes(sealed: Uint8Array, place: string): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes.length < HEAD_BYTES || bytes[0] !== VERSION)
      throw new SealError('is not sealed', false);
    const id = bytes.subarray(1, 1 + ID_BYTES);
    const key = this.keys.find((candidate) => candidate.id.equals(id));
    if (key === undefined)
      throw new SealError('was sealed with a key that is not among the encryption keys', true);
    const nonceAt = 1 + ID_BYTES;
    const tagAt = nonceAt + NONCE_BYTES;
    try {
      const decipher = createDecipheriv(CIPHER, key.secret, bytes.subarray(nonceAt, tagAt));
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(bytes.subarray(tagAt, HEAD_BYTES));
      const opened = decipher.update(bytes.subarray(HEAD_BYTES));
      decipher.final();
      return opened;
    } catch (cause) {
      throw new SealError('was altered, or belongs elsewhere', false, { cause });
    }
  }

  /** The same as text, for storages that keep text. */
  sealText(text: string, place: string): string {
    return this.seal(text, place).toString('base64');
  }

  /** @throws SealError */
  openText(sealed: string, place: string): string {
    return this.open(Buffer.from(sealed, 'base64'), place);
  }

  /** Whether it was sealed with the key that seals now. */
  isNewest(sealed: string): boolean {
    const [key] = this.keys as [Key];
    return Buffer.from(sealed, 'base64')
      .subarray(1, 1 + ID_BYTES)
      .equals(key.id);
  }

  /** A key of 32 bytes for another purpose, from each of the keys; the first one is that of now. */
  derive(purpose: string): readonly Uint8Array[] {
    return this.keys.map(
      ({ secret }) => new Uint8Array(hkdfSync('sha256', secret, '', purpose, KEY_BYTES)),
    );
  }

  /** Random bytes are cheaper by the hundred. */
  private nonce(): Buffer {
    if (this.nextNonceAt >= this.nonces.length) {
      this.nonces = randomBytes(NONCE_BYTES * 256);
      this.nextNonceAt = 0;
    }
    const nonce = this.nonces.subarray(this.nextNonceAt, this.nextNonceAt + NONCE_BYTES);
    this.nextNonceAt += NONCE_BYTES;
    return nonce;
  }
}

const VERSION_BYTE = Buffer.from([VERSION]);

/**
 * Reads an encryption key as people write it: 32 bytes as base64, base64url or hex.
 *
 * @returns `undefined` for what is none.
 */
export function readEncryptionKey(text: string): Uint8Array | undefined {
  const plain = text.trim();
  if (/^[0-9a-f]{64}$/i.test(plain)) return Buffer.from(plain, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(plain)) return undefined;
  const bytes = Buffer.from(plain, 'base64');
  return bytes.length === KEY_BYTES ? bytes : undefined;
}
