import { randomBytes } from 'node:crypto';

import type { JobJson } from 'bullmq';
import type { PoolClient } from 'pg';

import type { Clock } from '../clock';
import { entryBytes } from '../outbox/entry-bytes';
import type { Erasure } from '../outbox/erasure';
import { groupedBy } from '../outbox/grouped-by';
import type { LaneCounts } from '../outbox/lane-counts';
import type { DeadLetter, DeadLetterQuery, LaneStats, OutboxEntry } from '../outbox/outbox';
import type { OutboxSettings } from '../outbox/outbox-settings';
import type { Priority } from '../outbox/priority';
import type { StorageHealth } from '../outbox/storage';
import type { Vault } from '../records/vault';
import type { Alarm } from './alarm';
import { bytesOf, GroupCodec, groupsOf, type StoredEntry } from './group';
import {
  ANNOUNCE_MS,
  LOCK_MS,
  RECOVER_MS,
  type ErasurePass,
  type GroupStore,
  type Report,
  type JobHold,
  type TakenJob,
  type Verdict,
} from './group-store';
import { jobJson, jobRef } from './job-json';
import { keyHash } from './key-hash';
import { queueName } from './lane-name';
import type { Bullmq, Pg } from './peers';
import { PostgresConnection } from './postgres-connection';
import {
  deleteDeadLetters,
  eraseDeadLetters,
  findDeadLettersAbout,
  findDeadLetters,
  insertDeadLetters,
} from './postgres-dead-letters';
import { PostgresRecordStore } from './postgres-record-store';
import { countSql } from './postgres-tables';
import { oldestEntry } from './oldest-entry';
import { LetterCodec, type StoredLetter } from './stored-letter';
import { Signal } from './waiting';

type Backend = InstanceType<Bullmq['PostgresQueueBackend']>;

const MAX_STALLED = 2_000_000_000;
const REDRIVE_PAGE = 2_000;
const SWEEP_PAGE = 5_000;
const VICTIM_PAGE = 16;
/** Jobs that an erasure looks through in one transaction. */
const ERASE_PAGE = 4;
/** Jobs with somebody's entries that are read at once: some 12 MB at most. */
const FIND_PAGE = 16;
const OLD_NEWS = `announced_at < now() - interval '${ANNOUNCE_MS} milliseconds'`;
/** How often a lane looks for itself while nothing tells it of jobs. */
const DEAF_WAIT_MS = 250;

const LANE_OPTIONS = {
  lockDuration: LOCK_MS,
  stalledInterval: RECOVER_MS,
  maxStalledCount: MAX_STALLED,
};

/** The groups in BullMQ's tables on Postgres; keys, counters and jobs change in one transaction. */
export class PostgresStore implements GroupStore {
  readonly maxAppends = 1;
  readonly records: PostgresRecordStore;
  private readonly connection: PostgresConnection;
  private readonly groups: GroupCodec;
  private readonly letters: LetterCodec;
  private readonly signals = new Map<string, Signal>();
  private readonly token = randomBytes(9).toString('base64url');
  private jobs = 0;
  private isClosed = false;

  constructor(
    private readonly bullmq: Bullmq,
    pg: Pg,
    url: string,
    private readonly schema: string,
    private readonly settings: OutboxSettings,
    private readonly clock: Clock,
    vault: Vault,
    private readonly alarm: Alarm,
  ) {
    this.groups = new GroupCodec(vault, 'within');
    this.letters = new LetterCodec(vault);
    this.connection = new PostgresConnection(bullmq, pg, url, schema, alarm, (queue) => {
      if (queue === undefined) for (const signal of this.signals.values()) signal.set();
      else this.signals.get(queue)?.set();
    });
    this.records = new PostgresRecordStore(this.connection, clock);
  }

  open(): Promise<void> {
    return this.connection.open();
  }

  health(): StorageHealth {
    const { outage } = this.connection;
    return outage === undefined
      ? { state: 'ready' }
      : { state: 'degraded', reason: outage, isAway: true };
  }

  append(destination: string, entries: readonly OutboxEntry[]): Promise<readonly Verdict[]> {
    return this.connection.transaction(async (client) => {
      const isNew = await this.insertKeys(client, entries);
      const { fitting, pending } = await this.fit(
        client,
        destination,
        entries.filter((entry) => isNew.has(entry)),
      );
      const surplus = [...isNew].filter((entry) => !fitting.has(entry));
      if (surplus.length > 0)
        await client.query('DELETE FROM tracking_key WHERE hash = ANY($1)', [
          surplus.map(({ key }) => keyHash(key)),
        ]);
      await this.addJobs(client, destination, [...fitting]);
      const result = entries.map((entry): Verdict => {
        if (fitting.has(entry)) return { kind: 'stored' };
        return isNew.has(entry) ? { kind: 'full', pending } : { kind: 'duplicate' };
      });
      const finish = countSql(destination, {
        accepted: fitting.size,
        pending: fitting.size,
        pendingBytes: bytesOf(fitting),
        duplicates: entries.length - isNew.size,
      });
      return { result, finish };
    });
  }

  async count(destination: string, counts: Partial<LaneCounts>): Promise<void> {
    const sql = countSql(destination, counts);
    if (sql !== undefined) await this.connection.query(sql);
  }

  async take(
    destination: string,
    token: string,
  ): Promise<TakenJob | { readonly dueAtMs?: number }> {
    // From now on it hears of jobs, also of those that come before it waits.
    this.signal(destination);
    const [job, id, , dueAtMs] = (await this.backend(destination).moveToActive(token)) as [
      JobJson | null,
      string,
      number,
      number,
    ];
    if (job !== null) return { id, token, entries: this.groups.decode(destination, job.data) };
    return dueAtMs > 0 ? { dueAtMs } : {};
  }

  waitForJob(destination: string, timeoutMs: number): Promise<void> {
    return this.signal(destination).wait(
      this.connection.isListening ? timeoutMs : Math.min(timeoutMs, DEAF_WAIT_MS),
    );
  }

  async countWaiting(destination: string): Promise<number> {
    const [row] = await this.connection.query<{ count: string }>(
      `SELECT count(*) FROM job WHERE queue = $1 AND state = 'waiting'`,
      [queueName(destination)],
    );
    return Number(row?.count ?? 0);
  }

  renew(destination: string, jobs: readonly JobHold[]): Promise<readonly string[]> {
    return this.backend(destination).extendLocks(
      jobs.map(({ id }) => id),
      jobs.map(({ token }) => token),
      LOCK_MS,
    );
  }

  async recover(destination: string): Promise<void> {
    const backend = this.backend(destination);
    await backend.moveStalledJobsToWait();
    const [row] = await this.connection.query<{ count: string }>(
      `SELECT count(*) FROM job WHERE queue = $1 AND state = 'failed'`,
      [queueName(destination)],
    );
    if (row === undefined || row.count === '0') return;
    this.alarm.error('jobs were found failed', new Error(`${row.count} are being put back`));
    await backend.retryFinishedJobs('failed', 1_000, Date.now());
  }

  settle(destination: string, job: JobHold, report: Report): Promise<boolean> {
    const { next, dead, counts, freedBytes } = report;
    return this.connection.transaction(async (client) => {
      const { rowCount } = await client.query(
        `SELECT 1 FROM job
          WHERE queue = $1 AND id = $2 AND lock_token = $3 AND state = 'active' FOR UPDATE`,
        [queueName(destination), job.id, job.token],
      );
      if (rowCount === 0) return { result: false };
      const backend = this.backend(destination, client);
      if ('left' in next)
        await backend.updateData(
          jobRef(job),
          JSON.parse(this.groups.encode(destination, next.left).data),
        );
      if (next.kind === 'complete')
        await backend.moveToCompleted(jobRef(job), null, true, job.token, false);
      else if ('delayMs' in next)
        await backend.moveToDelayed(job.id, Date.now(), next.delayMs, job.token, {
          skipAttempt: true,
        });
      else if (next.kind === 'give-back') await backend.moveJobFromActiveToWait(job.id, job.token);
      await insertDeadLetters(client, this.letters, dead);
      const { delivered = 0, deadLettered = 0, expired = 0, dropped = 0 } = counts;
      const finish = countSql(destination, {
        ...counts,
        pending: -(delivered + deadLettered + expired + dropped),
        pendingBytes: -freedBytes,
      });
      return { result: true, finish };
    });
  }

  evict(destination: string, priority: Priority | undefined): Promise<OutboxEntry | undefined> {
    return this.connection.transaction(async (client) => {
      const { rows } = await client.query<{ id: string; data: string }>(
        `SELECT id, data::text FROM job
          WHERE queue = $1 AND state IN ('waiting', 'delayed') AND priority = COALESCE($2, priority)
          ORDER BY added_at_ms, seq LIMIT ${VICTIM_PAGE} FOR UPDATE SKIP LOCKED`,
        [queueName(destination), priority ?? null],
      );
      const found = oldestEntry(
        rows.map((row) => ({ ...row, entries: this.groups.decode(destination, row.data) })),
        priority,
      );
      if (found === undefined) return { result: undefined };
      const { group, entry } = found;
      const left = group.entries.filter((one) => one !== entry);
      const backend = this.backend(destination, client);
      if (left.length === 0) await backend.remove(group.id, false);
      else
        await backend.updateData(
          jobRef(group),
          JSON.parse(this.groups.encode(destination, left).data) as unknown,
        );
      const finish = countSql(destination, {
        dropped: 1,
        pending: -1,
        pendingBytes: -entry.bytes,
      });
      return { result: entry, finish };
    });
  }

  async announce({ subjects, atMs }: Erasure): Promise<void> {
    await this.connection.query(
      `WITH old AS (DELETE FROM tracking_erasure WHERE ${OLD_NEWS})
         INSERT INTO tracking_erasure (at_ms, subjects) VALUES ($1, $2)`,
      [Math.ceil(atMs), subjects],
    );
  }

  async announced(): Promise<readonly Erasure[]> {
    const rows = await this.connection.query<{ at_ms: string; subjects: string[] }>(
      `SELECT at_ms, subjects FROM tracking_erasure WHERE NOT (${OLD_NEWS})`,
    );
    return rows.map(({ at_ms, subjects }) => ({ subjects, atMs: Number(at_ms) }));
  }

  async findAbout(
    destination: string,
    subjects: readonly string[],
  ): Promise<readonly StoredEntry[]> {
    const found: StoredEntry[] = [];
    let after: string | undefined = '';
    while (after !== undefined) {
      const rows: readonly { id: string; data: string }[] = await this.connection.query<{
        id: string;
        data: string;
      }>(
        `SELECT id, data::text FROM job
          WHERE queue = $1 AND state IN ('waiting', 'delayed', 'active') AND id > $2
            AND EXISTS (SELECT 1 FROM unnest($3::text[]) AS mark WHERE strpos(data::text, mark) > 0)
          ORDER BY id LIMIT ${FIND_PAGE}`,
        [queueName(destination), after, marksOf(subjects)],
      );
      found.push(...rows.flatMap(({ data }) => this.groups.about(destination, data, subjects)));
      after = rows.length < FIND_PAGE ? undefined : rows.at(-1)?.id;
    }
    return found;
  }

  findDeadLettersAbout(subjects: readonly string[]): Promise<readonly StoredLetter['entry'][]> {
    return this.connection.transaction(async (client) => ({
      result: await findDeadLettersAbout(client, this.letters, this.oldestMs, subjects),
    }));
  }

  async erase(destination: string, subjects: readonly string[]): Promise<ErasurePass> {
    const pass: ErasurePass = { erased: [], held: [], sealed: [] };
    const marks = marksOf(subjects);
    let after: string | undefined = '';
    while (after !== undefined)
      after = await this.erasePage(destination, subjects, marks, after, pass);
    return pass;
  }

  eraseDeadLetters(subjects: readonly string[]): Promise<number> {
    return this.connection.transaction(async (client) => ({
      result: await eraseDeadLetters(client, subjects),
    }));
  }

  async stats(): Promise<readonly LaneStats[]> {
    const rows = await this.connection.query<Record<string, string>>('SELECT * FROM tracking_lane');
    return rows.map(
      ({ destination, ...counters }) =>
        ({
          destination,
          ...Object.fromEntries(
            Object.entries(counters).map(([name, count]) => [name, Number(count)]),
          ),
        }) as unknown as LaneStats,
    );
  }

  async deadLetters(query: DeadLetterQuery, limit: number): Promise<readonly DeadLetter[]> {
    const found = await this.connection.transaction(async (client) => ({
      result: await findDeadLetters(client, this.letters, this.oldestMs, query, limit, ''),
    }));
    return found.map(({ letter }) => this.letters.open(letter));
  }

  redrive(query: DeadLetterQuery, limit: number): Promise<number> {
    return this.inPages(limit, (left) =>
      this.connection.transaction(async (client) => {
        const found = await findDeadLetters(
          client,
          this.letters,
          this.oldestMs,
          query,
          left,
          'FOR UPDATE SKIP LOCKED',
        );
        const byDestination = groupedBy(
          found.map(({ letter }) => this.letters.entryOf(letter)),
          ({ destination }) => destination,
        );
        const counts: string[] = [];
        // In one order for every process, so that none waits for another in a circle.
        for (const [destination, entries] of [...byDestination].sort()) {
          await this.addJobs(client, destination, entries);
          const sql = countSql(destination, {
            deadLettered: -entries.length,
            pending: entries.length,
            pendingBytes: bytesOf(entries),
          });
          if (sql !== undefined) counts.push(sql);
        }
        await deleteDeadLetters(client, found);
        return { result: found.length, finish: counts.length > 0 ? counts.join('; ') : undefined };
      }),
    );
  }

  purgeDeadLetters(query: DeadLetterQuery, limit: number): Promise<number> {
    return this.inPages(limit, (left) =>
      this.connection.transaction(async (client) => {
        const found = await findDeadLetters(
          client,
          this.letters,
          this.oldestMs,
          query,
          left,
          'FOR UPDATE SKIP LOCKED',
        );
        await deleteDeadLetters(client, found);
        return { result: found.length };
      }),
    );
  }

  async sweep(): Promise<void> {
    const nowMs = this.clock.now();
    await this.deleteOld('tracking_key', 'expires_at_ms', nowMs);
    await this.deleteOld('tracking_record', 'expires_at_ms', nowMs);
    await this.deleteOld('tracking_dead_letter', 'at_ms', this.oldestMs);
  }

  wake(destination: string): void {
    this.signals.get(queueName(destination))?.set();
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.connection.close();
  }

  /** @returns the last job of the page; `undefined` where there are no more. */
  private erasePage(
    destination: string,
    subjects: readonly string[],
    marks: readonly string[],
    after: string,
    pass: ErasurePass,
  ): Promise<string | undefined> {
    return this.connection.transaction(async (client) => {
      const { rows: page } = await client.query<{ id: string }>(
        `SELECT id FROM job WHERE queue = $1 AND state IN ('waiting', 'delayed', 'active') AND id > $2
          ORDER BY id LIMIT ${ERASE_PAGE}`,
        [queueName(destination), after],
      );
      const ids = page.map(({ id }) => id);
      // Whoever takes a job meanwhile holds it; it is found again.
      const { rows } = await client.query<{ id: string; data: string; state: string }>(
        `SELECT id, data::text, state::text FROM job
          WHERE queue = $1 AND id = ANY($2) AND state IN ('waiting', 'delayed', 'active')
            AND EXISTS (SELECT 1 FROM unnest($3::text[]) AS mark WHERE strpos(data::text, mark) > 0)
          ORDER BY id FOR UPDATE`,
        [queueName(destination), ids, marks],
      );
      const backend = this.backend(destination, client);
      let dropped = 0;
      let bytes = 0;
      for (const { id, data, state } of rows) {
        const split = this.groups.without(destination, data, subjects);
        if (split === undefined) continue;
        if (state === 'active') pass.held.push(...split.about);
        else if (split.left === undefined) pass.sealed.push(...split.about);
        else {
          if (split.isEmpty) await backend.remove(id, false);
          else await backend.updateData(jobRef({ id }), JSON.parse(split.left.data) as unknown);
          pass.erased.push(...split.about);
          dropped += split.about.length;
          bytes += split.bytes;
        }
      }
      const finish = countSql(destination, { dropped, pending: -dropped, pendingBytes: -bytes });
      return { result: page.length < ERASE_PAGE ? undefined : ids.at(-1), finish };
    });
  }

  /** A dead letter of before is forgotten. */
  private get oldestMs(): number {
    return this.clock.now() - this.settings.deadLetterTtlMs;
  }

  /** Waits for whoever is storing the same key, and takes over what was not committed. */
  private async insertKeys(
    client: PoolClient,
    entries: readonly OutboxEntry[],
  ): Promise<Set<OutboxEntry>> {
    const byHash = new Map(entries.map((entry) => [keyHash(entry.key), entry]));
    const nowMs = this.clock.now();
    const { rows } = await client.query<{ hash: string }>(
      `INSERT INTO tracking_key (hash, expires_at_ms) SELECT hash, $2::bigint FROM unnest($1::text[]) AS hash
         ON CONFLICT (hash) DO UPDATE SET expires_at_ms = EXCLUDED.expires_at_ms
           WHERE tracking_key.expires_at_ms <= $3
         RETURNING hash`,
      // Sorted, so that two processes never wait for each other.
      [[...byHash.keys()].sort(), nowMs + this.settings.idempotencyWindowMs, nowMs],
    );
    const isNew = new Set(rows.map(({ hash }) => byHash.get(hash)));
    return new Set(entries.filter((entry) => isNew.has(entry)));
  }

  private async fit(
    client: PoolClient,
    destination: string,
    entries: readonly OutboxEntry[],
  ): Promise<{ fitting: Set<OutboxEntry>; pending: number }> {
    const { maxPendingEntries, maxPendingBytes } = this.settings;
    const { rows } = await client.query<{ pending: string; bytes: string }>(
      'SELECT pending, "pendingBytes" AS bytes FROM tracking_lane WHERE destination = $1',
      [destination],
    );
    const pending = Number(rows[0]?.pending ?? 0);
    let bytes = Number(rows[0]?.bytes ?? 0);
    const fitting = new Set<OutboxEntry>();
    for (const entry of entries) {
      const size = entryBytes(entry);
      if (pending + fitting.size >= maxPendingEntries || bytes + size > maxPendingBytes) continue;
      bytes += size;
      fitting.add(entry);
    }
    return { fitting, pending: pending + fitting.size };
  }

  private async addJobs(
    client: PoolClient,
    destination: string,
    entries: readonly OutboxEntry[],
  ): Promise<void> {
    const backend = this.backend(destination, client);
    // BullMQ's bulk command makes a table for the occasion; single jobs are cheaper for a while.
    for (const { entries: some, priority } of groupsOf(entries)) {
      this.jobs += 1;
      const id = `${this.token}-${this.jobs}`;
      const { data } = this.groups.encode(destination, some);
      await backend.addJob(jobJson(id, data, priority), id, {});
    }
  }

  /** Few at a time: a transaction is not to last. */
  private async inPages(limit: number, work: (left: number) => Promise<number>): Promise<number> {
    let count = 0;
    while (count < limit) {
      const done = await work(Math.min(limit - count, REDRIVE_PAGE));
      if (done === 0) break;
      count += done;
    }
    return count;
  }

  private async deleteOld(table: string, column: string, beforeMs: number): Promise<void> {
    let deleted: unknown[];
    do {
      deleted = await this.connection.query(
        `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(
           SELECT ctid FROM ${table} WHERE ${column} <= $1 LIMIT ${SWEEP_PAGE})) RETURNING 1`,
        [Math.floor(beforeMs)],
      );
    } while (deleted.length === SWEEP_PAGE);
  }

  private signal(destination: string): Signal {
    const name = queueName(destination);
    let signal = this.signals.get(name);
    if (signal === undefined) {
      signal = new Signal();
      this.signals.set(name, signal);
    }
    return signal;
  }

  /** BullMQ's queue on our connections; given a client, within its transaction. */
  private backend(destination: string, client?: PoolClient): Backend {
    const pool = {
      query: async (text: string, values?: unknown[]) =>
        client === undefined
          ? { rows: await this.connection.query(text, values) }
          : client.query(text, values),
    };
    const connection = {
      pool,
      schema: this.schema,
      waitUntilReady: () => Promise.resolve(),
      hasListenClientKeepAlive: false,
    };
    type Options = ConstructorParameters<Bullmq['PostgresQueueBackend']>;
    return new this.bullmq.PostgresQueueBackend(
      connection as unknown as Options[0],
      queueName(destination),
      LANE_OPTIONS as unknown as Options[2],
      false,
    );
  }
}

/** As a subject stands in a job's data. */
function marksOf(subjects: readonly string[]): string[] {
  return subjects.map((subject) => `"${subject}"`);
}
