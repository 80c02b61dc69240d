import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'libsql';
import { Client } from 'pg';

import type { AuditLog, HeadStore } from '../src/audit/audit-log';
import { openAuditLog } from '../src/audit/open-audit-log';
import type { Clock } from '../src/clock';
import { describeAuditLog, type RawAuditLine } from 'nestjs-server-tracking/testing';
import { RecordingLogger } from './support/recording-logger';

const POSTGRES = 'postgres://postgres@127.0.0.1:5432/test';
const hasServers = process.env.TRACKING_TEST_SERVERS !== 'none';
const KEY = Buffer.alloc(32, 7);
const root = mkdtempSync(join(tmpdir(), 'tracking-audit-'));
const schemas: string[] = [];
const opened: AuditLog[] = [];
let made = 0;
let url = '';

jest.setTimeout(60_000);

afterEach(async () => {
  for (const log of opened.splice(0)) await log.close();
});

afterAll(async () => {
  rmSync(root, { recursive: true, force: true });
  if (schemas.length === 0) return;
  await onPostgres(async (client) => {
    for (const schema of schemas) await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  });
});

async function open(clock: Clock, heads?: HeadStore): Promise<AuditLog> {
  const log = await openAuditLog(url, { clock, heads, key: KEY, logger: new RecordingLogger() });
  opened.push(log);
  return log;
}

function subject(
  urlOf: (index: number) => string,
  rewrite: (change: (lines: readonly RawAuditLine[]) => readonly RawAuditLine[]) => Promise<void>,
) {
  return {
    create: (clock: Clock, heads?: HeadStore) => {
      url = urlOf((made += 1));
      return open(clock, heads);
    },
    another: open,
    rewrite,
  };
}

const sqlitePath = () => url.slice('file:'.length);

describeAuditLog(
  'sqlite',
  subject(
    (index) => `file:${join(root, `${index}.db`)}`,
    (change) => {
      const database = new Database(sqlitePath());
      const lines = (
        database.prepare('SELECT * FROM lines ORDER BY writer, seq').all() as Row[]
      ).map((row) =>
        rawOf(
          row,
          database
            .prepare('SELECT subject, secret FROM who WHERE writer = ? AND seq = ? ORDER BY place')
            .all(row.writer, row.seq) as WhoRow[],
        ),
      );
      database.exec('BEGIN IMMEDIATE; DELETE FROM lines; DELETE FROM who');
      for (const line of change(lines)) {
        database
          .prepare('INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
          .run(...columnsOf(line));
        line.who.forEach((who, place) => {
          database
            .prepare('INSERT INTO who VALUES (?, ?, ?, ?, ?)')
            .run(line.writer, line.seq, place, ...who);
        });
      }
      database.exec('COMMIT');
      database.close();
      return Promise.resolve();
    },
  ),
);

const schemaNow = () => `audit_test_${process.pid}_${made}`;

(hasServers ? describe : describe.skip)('with a server', () => {
  describeAuditLog(
    'postgres',
    subject(
      () => {
        schemas.push(schemaNow());
        return `${POSTGRES}?prefix=${schemaNow()}`;
      },
      (change) =>
        onPostgres(async (client) => {
          await client.query(`SET search_path = ${schemaNow()}; BEGIN`);
          const { rows } = await client.query<Row>('SELECT * FROM audit_line ORDER BY writer, seq');
          const who = await client.query<WhoRow>('SELECT * FROM audit_who ORDER BY place');
          const lines = rows.map((row) =>
            rawOf(
              row,
              who.rows.filter(({ writer, seq }) => writer === row.writer && seq === row.seq),
            ),
          );
          await client.query('DELETE FROM audit_line; DELETE FROM audit_who');
          for (const line of change(lines)) {
            await client.query(
              'INSERT INTO audit_line VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
              columnsOf(line),
            );
            for (const [place, one] of line.who.entries())
              await client.query('INSERT INTO audit_who VALUES ($1, $2, $3, $4, $5)', [
                line.writer,
                line.seq,
                place,
                ...one,
              ]);
          }
          await client.query('COMMIT');
        }),
    ),
  );
});

describeAuditLog(
  'jsonl',
  subject(
    (index) => `jsonl:${join(root, `files-${index}`, 'audit.jsonl')}`,
    (change) => {
      const folder = join(root, `files-${made}`);
      const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
      const lines = files.flatMap((name) =>
        readFileSync(join(folder, name), 'utf8').trim().split('\n').filter(Boolean).map(rawOfJson),
      );
      const changed = change(lines);
      for (const name of files) {
        const own = changed.filter(({ writer }) => name.includes(writer));
        writeFileSync(join(folder, name), own.map((line) => `${jsonOfRaw(line)}\n`).join(''));
      }
      return Promise.resolve();
    },
  ),
);

interface Row {
  writer: string;
  seq: number | string;
  at_ms: number | string;
  kind: string;
  event_id: string;
  details: string;
  commitments: string;
  prev: string;
  hash: string;
}

interface WhoRow {
  writer: string;
  seq: number | string;
  subject: string | null;
  secret: string;
}

function rawOf(row: Row, who: readonly WhoRow[]): RawAuditLine {
  const { at_ms, event_id, ...rest } = row;
  return {
    ...rest,
    seq: Number(row.seq),
    atMs: Number(at_ms),
    eventId: event_id,
    commitments: row.commitments.split(' ').filter(Boolean),
    who: who.map(({ subject: one, secret }) => [one, secret] as const),
  };
}

function columnsOf(line: RawAuditLine) {
  const { writer, seq, atMs, kind, eventId, details, commitments, prev, hash } = line;
  return [writer, seq, atMs, kind, eventId, details, commitments.join(' '), prev, hash];
}

function rawOfJson(text: string): RawAuditLine {
  const { about, details, ...rest } = JSON.parse(text) as Omit<RawAuditLine, 'details' | 'who'> & {
    about: string[];
    details: object;
  };
  const who = about.map((one): [string | null, string] => {
    const [name = '', secret = ''] = one.split('.');
    return [name.startsWith('*') ? null : name, secret];
  });
  return { ...rest, details: JSON.stringify(details), who };
}

function jsonOfRaw({ who, details, ...rest }: RawAuditLine): string {
  const { writer, seq, atMs, kind, eventId, commitments, prev, hash } = rest;
  const about = who.map(([name, secret]) => `${name ?? '*'}.${secret}`);
  return JSON.stringify({
    ...{ writer, seq, atMs, kind, eventId, details: JSON.parse(details) as object },
    ...{ commitments, prev, hash, about },
  });
}

async function onPostgres(work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client(POSTGRES);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
