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
    return withBetterStatements(loaded.default ?? loaded);
  } catch (cause) {
    throw new Error(
      `${what} needs the package libsql, which could not be loaded. Run: npm install libsql`,
      { cause },
    );
  }
}

/** The package's own statements, as they are fit to be used thousands of times in a second. */
function withBetterStatements(Libsql: Libsql): Libsql {
  return class extends Libsql {
    constructor(path: string, options?: LibsqlDatabase.Options) {
      super(path, options);
      const prepare = this.prepare.bind(this);
      this.prepare = ((sql: string) => better(prepare(sql))) as Database['prepare'];
    }
  };
}

/**
 * Values go as one list, because the package flattens what comes one by one, which takes a quarter of a small statement.
 *
 * A `get` after one that failed runs with the values of that one, and says nothing; so does the first after an `all`.
 */
function better(statement: LibsqlDatabase.Statement): LibsqlDatabase.Statement {
  const get = statement.get.bind(statement);
  const run = statement.run.bind(statement);
  let hasFailed = false;
  statement.run = (...values) => run(values);
  statement.get = (...values) => {
    if (hasFailed) return statement.all(...values)[0];
    try {
      return get(values);
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  };
  return statement;
}
