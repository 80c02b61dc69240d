import type { Pg } from '../bullmq/peers';
import type { AuditLine, PurgeMark, WhoPlace } from './audit-line';
import type { ChainEnd, LineStore, StoreQuery, UnreadableLine } from './line-store';
import { isLine, storedLine, whoColumns, type LineTexts } from './stored-line';

type Pool = InstanceType<Pg['Pool']>;

const SLICE = 1_000;

const COLUMNS = `writer, seq::float8 AS seq, at_ms::float8 AS at_ms, kind, event_id AS "eventId", details,
  commitments, prev, hash,
  (SELECT coalesce(json_agg(json_build_array(place, subject, secret)), '[]')::text FROM audit_who
   WHERE audit_who.writer = audit_line.writer AND audit_who.seq = audit_line.seq) AS who`;

const TABLES = `
  CREATE TABLE IF NOT EXISTS audit_line (
    writer text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at_ms bigint NOT NULL,
    kind text NOT NULL,
    event_id text NOT NULL,
    details text NOT NULL,
    commitments text NOT NULL,
    prev text NOT NULL,
    hash text NOT NULL,
    PRIMARY KEY (writer, seq)
  );
  CREATE INDEX IF NOT EXISTS audit_line_time ON audit_line (at_ms);
  CREATE INDEX IF NOT EXISTS audit_line_event ON audit_line (event_id) WHERE event_id <> '';
  CREATE TABLE IF NOT EXISTS audit_who (
    writer text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    place smallint NOT NULL,
    subject text,
    secret text NOT NULL,
    PRIMARY KEY (writer, seq, place)
  );
  CREATE INDEX IF NOT EXISTS audit_who_subject ON audit_who (subject) WHERE subject IS NOT NULL;
  CREATE TABLE IF NOT EXISTS audit_mark (
    writer text COLLATE "C" PRIMARY KEY,
    seq bigint NOT NULL,
    hash text NOT NULL,
    at_ms bigint NOT NULL,
    mac text NOT NULL
  )`;

const APPEND = `
  WITH added AS (
    INSERT INTO audit_line (writer, seq, at_ms, kind, event_id, details, commitments, prev, hash)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[],
      $7::text[], $8::text[], $9::text[])
    ON CONFLICT DO NOTHING)
  INSERT INTO audit_who (writer, seq, place, subject, secret)
  SELECT * FROM unnest($10::text[], $11::bigint[], $12::smallint[], $13::text[], $14::text[])
  ON CONFLICT DO NOTHING`;

const ENDS = `
  WITH RECURSIVE writers AS (
    (SELECT writer FROM audit_line ORDER BY writer LIMIT 1)
    UNION ALL
    SELECT (SELECT l.writer FROM audit_line l WHERE l.writer > writers.writer ORDER BY l.writer LIMIT 1)
    FROM writers WHERE writers.writer IS NOT NULL)
  SELECT writer, seq::float8 AS seq, hash, at_ms::float8 AS "atMs" FROM writers
  CROSS JOIN LATERAL (SELECT seq, hash, at_ms FROM audit_line WHERE audit_line.writer = writers.writer
    ORDER BY seq DESC LIMIT 1) AS last`;

const FIRST = `
  SELECT seq::float8 AS seq, hash, at_ms::float8 AS "atMs" FROM audit_line WHERE writer = $1
  ORDER BY seq LIMIT ${SLICE}`;

const PURGE = `
  WITH marked AS (
    INSERT INTO audit_mark (writer, seq, hash, at_ms, mac) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (writer) DO UPDATE SET seq = EXCLUDED.seq, hash = EXCLUDED.hash,
      at_ms = EXCLUDED.at_ms, mac = EXCLUDED.mac WHERE EXCLUDED.seq > audit_mark.seq),
  nobody AS (DELETE FROM audit_who WHERE writer = $1 AND seq <= $2)
  DELETE FROM audit_line WHERE writer = $1 AND seq <= $2`;

interface LineRow extends LineTexts {
  readonly seq: number;
  readonly at_ms: number;
}

/** Lines in tables of a Postgres schema. Tables are made when they are first needed. */
export class PostgresLines implements LineStore {
  private preparing: Promise<void> | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
    readonly description: string,
  ) {}

  async append(lines: readonly AuditLine[]): Promise<void> {
    const who = lines.flatMap(({ writer, seq, who: all }) =>
      all.map((one, place) => [writer, seq, place, ...whoColumns(one)] as const),
    );
    await this.rows(APPEND, [
      lines.map(({ writer }) => writer),
      lines.map(({ seq }) => seq),
      lines.map(({ atMs }) => atMs),
      lines.map(({ kind }) => kind),
      lines.map(({ eventId }) => eventId),
      lines.map(({ details }) => details),
      lines.map(({ commitments }) => commitments.join(' ')),
      lines.map(({ prev }) => prev),
      lines.map(({ hash }) => hash),
      ...[0, 1, 2, 3, 4].map((column) => who.map((row) => row[column])),
    ]);
  }

  async find(query: StoreQuery): Promise<readonly AuditLine[]> {
    const { subjects, eventId, kinds, sinceMs, untilMs, limit } = query;
    const rows = await this.rows<LineRow>(
      `SELECT ${COLUMNS} FROM audit_line
       WHERE kind = ANY($1::text[])
         AND ($2::text[] IS NULL OR (writer, seq) IN (SELECT writer, seq FROM audit_who WHERE subject = ANY($2)))
         AND ($3::text IS NULL OR event_id = $3)
         AND ($4::float8 IS NULL OR at_ms >= $4::float8) AND ($5::float8 IS NULL OR at_ms < $5::float8)
       ORDER BY audit_line.at_ms, writer, audit_line.seq LIMIT $6::bigint`,
      [kinds, subjects, eventId, sinceMs, untilMs, Number.isFinite(limit) ? limit : null],
    );
    return rows.map(lineOf).filter(isLine);
  }

  async *read(): AsyncGenerator<AuditLine | UnreadableLine> {
    let after: readonly [string, number] = ['', 0];
    for (;;) {
      const rows: readonly LineRow[] = await this.rows<LineRow>(
        `SELECT ${COLUMNS} FROM audit_line WHERE (writer, audit_line.seq) > ($1, $2::bigint)
         ORDER BY writer, audit_line.seq LIMIT ${SLICE}`,
        after,
      );
      for (const row of rows) yield lineOf(row);
      const last = rows[rows.length - 1];
      if (last === undefined || rows.length < SLICE) return;
      after = [last.writer, last.seq];
    }
  }

  async cut(subjects: readonly string[], markOf: (place: WhoPlace) => string): Promise<number> {
    const changed = new Set<string>();
    for (;;) {
      const found = await this.rows<WhoPlace>(
        `SELECT writer, seq::float8 AS seq, place FROM audit_who WHERE subject = ANY($1) LIMIT ${SLICE}`,
        [subjects],
      );
      if (found.length === 0) return changed.size;
      await this.rows(
        `UPDATE audit_who SET subject = NULL, secret = cut.mark
         FROM unnest($1::text[], $2::bigint[], $3::smallint[], $4::text[]) AS cut(writer, seq, place, mark)
         WHERE audit_who.writer = cut.writer AND audit_who.seq = cut.seq AND audit_who.place = cut.place`,
        [
          found.map(({ writer }) => writer),
          found.map(({ seq }) => seq),
          found.map(({ place }) => place),
          found.map(markOf),
        ],
      );
      for (const { writer, seq } of found) changed.add(`${writer} ${seq}`);
    }
  }

  ends(): Promise<readonly ChainEnd[]> {
    return this.rows<ChainEnd>(ENDS);
  }

  marks(): Promise<readonly PurgeMark[]> {
    return this.rows<PurgeMark>(
      'SELECT writer, seq::float8 AS seq, hash, at_ms::float8 AS "atMs", mac FROM audit_mark',
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
        count = await this.purgeSome(writer, beforeMs, markOf);
        removed += count;
      } while (count === SLICE);
    }
    return removed;
  }

  async removeMarks(writers: readonly string[]): Promise<void> {
    await this.rows('DELETE FROM audit_mark WHERE writer = ANY($1)', [writers]);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async purgeSome(
    writer: string,
    beforeMs: number,
    markOf: (end: Omit<ChainEnd, 'atMs'>) => PurgeMark,
  ): Promise<number> {
    const rows = await this.rows<Omit<ChainEnd, 'writer'>>(FIRST, [writer]);
    const firstKept = rows.findIndex(({ atMs }) => atMs >= beforeMs);
    const old = firstKept < 0 ? rows : rows.slice(0, firstKept);
    const last = old[old.length - 1];
    if (last === undefined) return 0;
    const mark = markOf({ writer, seq: last.seq, hash: last.hash });
    await this.rows(PURGE, [writer, mark.seq, mark.hash, mark.atMs, mark.mac]);
    return old.length;
  }

  private async rows<Row extends object>(
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    await this.prepared();
    return (await this.pool.query<Row>(sql, [...values])).rows;
  }

  /** Makes the tables once; what failed is tried again by the next who needs them. */
  private prepared(): Promise<void> {
    this.preparing ??= this.prepare().catch((error: unknown) => {
      this.preparing = undefined;
      throw error;
    });
    return this.preparing;
  }

  private async prepare(): Promise<void> {
    // One message is one transaction; many processes may start at once.
    await this.pool.query(
      `SELECT pg_advisory_xact_lock(hashtext('tracking:audit'));
       CREATE SCHEMA IF NOT EXISTS "${this.schema}"; ${TABLES}`,
    );
  }
}

function lineOf(row: LineRow): AuditLine | UnreadableLine {
  return storedLine(row, row.seq, row.at_ms);
}
