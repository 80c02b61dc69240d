import type LibsqlDatabase from 'libsql';

export type Database = LibsqlDatabase.Database;

export type Libsql = new (path: string, options?: LibsqlDatabase.Options) => Database;

/**
 * The package, which is there only where the host has installed it.
 *
 * @param what wants it, for the message.
 * @throws Error with the command that installs it.
 */
export async function loadLibsql(what = 'storage file:'): Promise<Libsql> {
  try {
    const loaded = (await import('libsql')) as unknown as { default?: Libsql } & Libsql;
    return loaded.default ?? loaded;
  } catch (cause) {
    throw new Error(
      `${what} needs the package libsql, which could not be loaded. Run: npm install libsql`,
      { cause },
    );
  }
}
