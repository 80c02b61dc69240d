import type { Clock } from '../clock';
import type { ContextStore } from '../context/context-store';
import type { RequestContext } from '../events/request-context';
import type { Database } from './libsql';
import type { SqliteOutbox } from './sqlite-outbox';
import { asBytes, textsOf, type TextRow } from './stored-text';

/** Contexts beside the outbox, in the same file and the same commits. */
export class SqliteContextStore implements ContextStore {
  private readonly put;
  private readonly get;
  private readonly removeOld;

  constructor(
    database: Database,
    private readonly outbox: SqliteOutbox,
    private readonly clock: Clock,
  ) {
    this.put = database.prepare(
      `INSERT INTO contexts (ref, data, expires_at) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
    );
    this.get = database.prepare(
      `SELECT ${asBytes(['data'])} FROM contexts WHERE ref = ? AND expires_at > ?`,
    );
    this.removeOld = database.prepare(
      'DELETE FROM contexts WHERE ref IN (SELECT ref FROM contexts WHERE expires_at <= ? LIMIT 20)',
    );
  }

  async save(ref: string, context: RequestContext, ttlMs: number): Promise<void> {
    const data = JSON.stringify(context);
    await this.outbox.write(2, () => {
      const nowMs = this.clock.now();
      this.put.run(ref, data, nowMs + ttlMs);
      this.removeOld.run(nowMs);
    });
  }

  load(ref: string): Promise<RequestContext | undefined> {
    return new Promise((resolve) => {
      const row = this.get.get(ref, this.clock.now()) as TextRow<'data'> | undefined;
      resolve(
        row === undefined ? undefined : (JSON.parse(textsOf(row, ['data']).data) as RequestContext),
      );
    });
  }
}
