/** Where the storage is, and which part of the server is ours. */
export interface StorageUrl {
  readonly server: 'redis' | 'postgres';
  /** For the client; holds the password. */
  readonly connection: string;
  /** For status and logs. */
  readonly description: string;
  /** What every key begins with, or the schema. */
  readonly prefix: string;
}

const DEFAULT_PREFIX = 'tracking';
/** Short enough for the name of a Postgres schema. */
const PREFIX = /^[A-Za-z][A-Za-z0-9_]{0,59}$/;

const SERVERS: Readonly<Record<string, StorageUrl['server']>> = {
  'redis:': 'redis',
  'rediss:': 'redis',
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
};

/** A misspelt prefix would mix two applications' events without a word. */
const PARAMETERS: Readonly<Record<StorageUrl['server'], readonly string[]>> = {
  redis: ['prefix', 'family'],
  postgres: [
    'prefix',
    'options',
    'sslmode',
    'sslcert',
    'sslkey',
    'sslrootcert',
    'uselibpqcompat',
    'application_name',
    'client_encoding',
    'host',
    'port',
    'user',
    'password',
  ],
};

/** @throws Error that says what was expected, without the URL's secrets. */
export function readStorageUrl(text: string): StorageUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const server = url === undefined ? undefined : SERVERS[url.protocol];
  if (url === undefined || server === undefined)
    throw new Error(
      'storage: expected a URL like redis://host:6379/0 or postgres://user@host:5432/database',
    );
  const prefix = url.searchParams.get('prefix') ?? DEFAULT_PREFIX;
  if (!PREFIX.test(prefix))
    throw new Error(
      `storage: expected a prefix of letters, digits and "_" that begins with a letter, got "${prefix}"`,
    );
  const known = PARAMETERS[server];
  for (const name of url.searchParams.keys()) {
    if (!known.includes(name))
      throw new Error(
        `storage: ${url.protocol} knows no parameter "${name.slice(0, 40)}"; known are ${known.join(', ')}`,
      );
  }
  url.searchParams.delete('prefix');
  const port = url.port === '' ? (server === 'redis' ? '6379' : '5432') : url.port;
  const path = server === 'redis' && url.pathname.length < 2 ? '/0' : url.pathname;
  return {
    server,
    connection: url.toString(),
    description: `${url.protocol}//${url.hostname}:${port}${path}`,
    prefix,
  };
}
