import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Database } from '../sqlite/libsql';
import { closeQuietly } from '../sqlite/sqlite-database';
import { isBusy, sayWhy, sqliteCode } from '../sqlite/sqlite-error';
import { asBytes, textsOf, type TextRow } from '../sqlite/stored-text';
import type { AuditLine, PurgeMark, WhoPlace } from './audit-line';
import type { ChainEnd, LineStore, StoreQuery, UnreadableLine } from './line-store';
import { isLine, storedLine, whoColumns } from './stored-line';
import { withPatience } from './with-patience';

/** Rows of one slice of work on the host's thread. */
const SLICE = 200;

const WHO = `(SELECT json_group_array(json_array(place, subject, secret)) FROM who
  WHERE who.writer = lines.writer AND who.seq = lines.seq)`;
const TEXTS = ['writer', 'kind', 'event_id', 'details', 'commitments', 'prev', 'hash'] as const;
const COLUMNS = `seq, at_ms, ${asBytes(TEXTS)}, CAST(${WHO} AS BLOB) AS who`;
const ENDS = `
  WITH RECURSIVE writers(writer) AS (
    SELECT min(writer) FROM lines
    UNION ALL
    SELECT (SELECT min(writer) FROM lines WHERE writer > writers.writer)
    FROM writers WHERE writers.writer IS NOT NULL)
  SELECT lines.seq, lines.at_ms, ${asBytes(['lines.writer', 'lines.hash']).replaceAll('AS lines.', 'AS ')}
  FROM writers JOIN lines ON lines.writer = writers.writer
    AND lines.seq = (SELECT max(seq) FROM lines AS own WHERE own.writer = writers.writer)`;

interface LineRow extends TextRow<(typeof TEXTS)[number] | 'who'> {
  readonly seq: number;
  readonly at_ms: number;
}

/** Lines in a SQLite file of their own. Several processes may write to it. */
export class SqliteLines implements LineStore {
  private readonly insertLine;
  private readonly insertWho;

  constructor(
    private readonly database: Database,
    readonly description: string,
  ) {
    this.insertLine = database.prepare(
      `INSERT OR IGNORE INTO lines (writer, seq, at_ms, kind, event_id, details, commitments, prev, hash)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.insertWho = database.prepare(
      'INSERT OR IGNORE INTO who (writer, seq, place, subject, secret) VALUES (?, ?, ?, ?, ?)',
    );
  }

  async append(lines: readonly AuditLine[]): Promise<void> {
    await this.transaction(() => {
      for (const line of lines) this.insert(line);
    });
  }

  async find(query: StoreQuery): Promise<readonly AuditLine[]> {
    const { sql, values } = conditions(query);
    const limit = Number.isFinite(query.limit) ? query.limit : -1;
    const rows = await this.patiently(
      () =>
        this.database
          .prepare(`SELECT ${COLUMNS} FROM lines WHERE ${sql} ORDER BY at_ms, writer, seq LIMIT ?`)
          .all(...values, limit) as LineRow[],
    );
    return rows.map(lineOf).filter(isLine);
  }

  async *read(): AsyncGenerator<AuditLine | UnreadableLine> {
    const page = this.database.prepare(
      `SELECT ${COLUMNS} FROM lines WHERE (writer, seq) > (?, ?) ORDER BY writer, seq LIMIT ${SLICE}`,
    );
    let after: readonly [string, number] = ['', 0];
    for (;;) {
      const rows = await this.patiently(() => page.all(...after) as LineRow[]);
      const lines = rows.map((row) => ({ line: lineOf(row), seq: row.seq }));
      for (const { line } of lines) yield line;
      const last = lines[lines.length - 1];
      if (last === undefined || lines.length < SLICE) return;
      after = [last.line.writer, last.seq];
      await nextTurn();
    }
  }

  async cut(subjects: readonly string[], markOf: (place: WhoPlace) => string): Promise<number> {
    const find = this.database.prepare(
      `SELECT seq, place, ${asBytes(['writer'])} FROM who
       WHERE subject IN (SELECT value FROM json_each(?)) LIMIT ${SLICE}`,
    );
    const change = this.database.prepare(
      'UPDATE who SET subject = NULL, secret = ? WHERE writer = ? AND seq = ? AND place = ?',
    );
    const wanted = JSON.stringify(subjects);
    const changed = new Set<string>();
    for (;;) {
      const found = await this.transaction(() => {
        const rows = find.all(wanted) as (WhoPlace & TextRow<'writer'>)[];
        for (const row of rows) {
          const place = { ...row, writer: textsOf(row, ['writer']).writer };
          change.run(markOf(place), place.writer, place.seq, place.place);
          changed.add(`${place.writer} ${place.seq}`);
        }
        return rows.length;
      });
      if (found < SLICE) break;
      await nextTurn();
    }
    // What was overwritten must not stay behind in the write-ahead log.
    if (changed.size > 0) this.checkpoint();
    return changed.size;
  }

  ends(): Promise<readonly ChainEnd[]> {
    return this.patiently(() =>
      (this.database.prepare(ENDS).all() as (LineRow & TextRow<'hash'>)[]).map((row) => {
        const { writer, hash } = textsOf(row, ['writer', 'hash']);
        return { writer, hash, seq: row.seq, atMs: row.at_ms };
      }),
    );
  }

  marks(): Promise<readonly PurgeMark[]> {
    const names = ['writer', 'hash', 'mac'] as const;
    const rows = this.patiently(
      () =>
        this.database.prepare(`SELECT seq, at_ms, ${asBytes(names)} FROM marks`).all() as (TextRow<
          (typeof names)[number]
        > & { seq: number; at_ms: number })[],
    );
    return rows.then((all) =>
      all.map((row) => {
        const { writer, hash, mac } = textsOf(row, names);
        return { writer, hash, mac, seq: row.seq, atMs: row.at_ms };
      }),
    );
  }

  async purge(
    beforeMs: number,
    markOf: (end: Omit<ChainEnd, 'atMs'>) => PurgeMark,
  ): Promise<number> {
    let removed = 0;
    for (const { writer } of await this.ends()) {
      let count: number;
      do {
        count = await this.transaction(() => this.purgeSome(writer, beforeMs, markOf));
        removed += count;
        if (count > 0) await nextTurn();
      } while (count === SLICE);
    }
    if (removed > 0) this.checkpoint();
    return removed;
  }

  async removeMarks(writers: readonly string[]): Promise<void> {
    await this.transaction(() =>
      this.database
        .prepare('DELETE FROM marks WHERE writer IN (SELECT value FROM json_each(?))')
        .run(JSON.stringify(writers)),
    );
  }

  close(): Promise<void> {
    closeQuietly(this.database);
    return Promise.resolve();
  }

  private insert(line: AuditLine): void {
    const { writer, seq } = line;
    this.insertLine.run(
      writer,
      seq,
      line.atMs,
      line.kind,
      line.eventId,
      line.details,
      line.commitments.join(' '),
      line.prev,
      line.hash,
    );
    line.who.forEach((who, place) => {
      this.insertWho.run(writer, seq, place, ...whoColumns(who));
    });
  }

  /** The oldest lines of one chain, up to the first that is to stay. */
  private purgeSome(
    writer: string,
    beforeMs: number,
    markOf: (end: Omit<ChainEnd, 'atMs'>) => PurgeMark,
  ): number {
    const rows = this.database
      .prepare(
        `SELECT seq, at_ms, ${asBytes(['hash'])} FROM lines WHERE writer = ? ORDER BY seq LIMIT ${SLICE}`,
      )
      .all(writer) as (TextRow<'hash'> & { seq: number; at_ms: number })[];
    const firstKept = rows.findIndex((row) => row.at_ms >= beforeMs);
    const old = firstKept < 0 ? rows : rows.slice(0, firstKept);
    const last = old[old.length - 1];
    if (last === undefined) return 0;
    const mark = markOf({ writer, seq: last.seq, hash: textsOf(last, ['hash']).hash });
    this.database
      .prepare(
        `INSERT INTO marks (writer, seq, hash, at_ms, mac) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (writer) DO UPDATE SET seq = excluded.seq, hash = excluded.hash,
           at_ms = excluded.at_ms, mac = excluded.mac WHERE excluded.seq > marks.seq`,
      )
      .run(mark.writer, mark.seq, mark.hash, mark.atMs, mark.mac);
    for (const table of ['who', 'lines'])
      this.database
        .prepare(`DELETE FROM ${table} WHERE writer = ? AND seq <= ?`)
        .run(writer, last.seq);
    return old.length;
  }

  private transaction<Result>(work: () => Result): Promise<Result> {
    return this.patiently(() => {
      this.database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.database.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.database.inTransaction) this.database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  private async patiently<Result>(work: () => Result): Promise<Result> {
    try {
      return await withPatience(work, isBusy);
    } catch (error) {
      throw sqliteCode(error).startsWith('SQLITE_')
        ? new Error(sayWhy(error), { cause: error })
        : error;
    }
  }

  private checkpoint(): void {
    try {
      this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // Another process reads: the next checkpoint does it.
    }
  }
}

function conditions({ subjects, eventId, kinds, sinceMs, untilMs }: StoreQuery) {
  const all: [condition: string, value: unknown][] = [
    ['kind IN (SELECT value FROM json_each(?))', JSON.stringify(kinds)],
  ];
  if (subjects !== undefined)
    all.push([
      '(writer, seq) IN (SELECT writer, seq FROM who WHERE subject IN (SELECT value FROM json_each(?)))',
      JSON.stringify(subjects),
    ]);
  if (eventId !== undefined) all.push(['event_id = ?', eventId]);
  if (sinceMs !== undefined) all.push(['at_ms >= ?', sinceMs]);
  if (untilMs !== undefined) all.push(['at_ms < ?', untilMs]);
  return {
    sql: all.map(([condition]) => condition).join(' AND '),
    values: all.map(([, value]) => value),
  };
}

function lineOf(row: LineRow): AuditLine | UnreadableLine {
  const { event_id, isDamaged, ...texts } = textsOf(row, [...TEXTS, 'who']);
  if (isDamaged) return { writer: texts.writer, isUnreadable: true };
  return storedLine({ ...texts, eventId: event_id }, row.seq, row.at_ms);
}
