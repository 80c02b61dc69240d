import type { Client, Notification, Pool, PoolClient } from 'pg';

import type { Alarm } from './alarm';
import type { Bullmq, Pg } from './peers';
import { createTables } from './postgres-tables';
import { pause } from './waiting';

const CONNECT_TIMEOUT_MS = 1_500;
const QUERY_TIMEOUT_MS = 5_000;
const RECONNECT_MS = 1_000;
const MAX_CONNECTIONS = 8;

/** Connections to one schema: a pool for work, and one that hears of new jobs. They hold no process. */
export class PostgresConnection {
  private readonly pool: Pool;
  private readonly config: { connectionString: string; options: string };
  private listening: Client | undefined;
  private preparing: Promise<void> | undefined;
  private trouble: string | undefined = 'not connected yet';
  private isClosed = false;

  constructor(
    private readonly bullmq: Bullmq,
    private readonly pg: Pg,
    connectionString: string,
    private readonly schema: string,
    private readonly alarm: Alarm,
    private readonly heard: (queue: string | undefined) => void,
  ) {
    // In the URL they would win over ours.
    const url = new URL(connectionString);
    const theirs = url.searchParams.get('options') ?? '';
    url.searchParams.delete('options');
    this.config = {
      connectionString: url.toString(),
      // A process that is frozen within a transaction must not hold up the others.
      options: `${theirs} -c search_path="${schema}" -c lock_timeout=1500 -c idle_in_transaction_session_timeout=3000`,
    };
    this.pool = new pg.Pool({
      ...this.config,
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      allowExitOnIdle: true,
    });
    this.pool.on('error', (error) => {
      this.failed(error);
    });
    this.pool.on('connect', (client) => {
      client.on('error', (error) => {
        this.failed(error);
      });
    });
  }

  /** Why nothing can be stored now. */
  get outage(): string | undefined {
    return this.trouble;
  }

  get isListening(): boolean {
    return this.listening !== undefined;
  }

  async open(): Promise<void> {
    void this.keepListening();
    await this.prepared().catch((error: unknown) => {
      this.failed(error);
    });
  }

  /** Everything within happens, or nothing. `finish` is the last statement before the commit. */
  async transaction<Result>(
    work: (client: PoolClient) => Promise<{ result: Result; finish?: string | undefined }>,
  ): Promise<Result> {
    await this.prepared();
    const client = await this.connected();
    let isBroken = true;
    try {
      await client.query('BEGIN');
      const { result, finish } = await work(client);
      // In one message, so that what it locks is free again at once.
      await client.query(finish === undefined ? 'COMMIT' : `${finish}; COMMIT`);
      isBroken = false;
      return result;
    } catch (error) {
      isBroken = !isAnswer(error);
      if (isBroken) this.failed(error);
      else await client.query('ROLLBACK').catch(() => (isBroken = true));
      throw error;
    } finally {
      client.release(isBroken);
    }
  }

  async query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    await this.prepared();
    try {
      const { rows } = await this.pool.query<Row>(text, values);
      this.trouble = undefined;
      return rows;
    } catch (error) {
      if (!isAnswer(error)) this.failed(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const { listening } = this;
    this.listening = undefined;
    await Promise.all([listening?.end().catch(() => undefined), this.pool.end()]);
  }

  private async connected(): Promise<PoolClient> {
    try {
      const client = await this.pool.connect();
      this.trouble = undefined;
      return client;
    } catch (error) {
      this.failed(error);
      throw error;
    }
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
    const client = await this.connected();
    try {
      await client.query(`SET lock_timeout = '30s'`);
      await this.bullmq.runMigrations(client, this.schema);
      await createTables(client);
      await client.query('RESET lock_timeout');
      client.release();
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  private async keepListening(): Promise<void> {
    while (!this.isClosed) {
      const client = new this.pg.Client({
        ...this.config,
        keepAlive: true,
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      });
      const ended = new Promise<void>((resolve) => {
        client.on('error', (error) => {
          this.failed(error);
          resolve();
        });
        client.on('end', resolve);
      });
      client.on('notification', ({ payload }: Notification) => {
        this.heard(payload);
      });
      try {
        await client.connect();
        unref(client);
        await client.query('LISTEN bullmq_jobs');
        this.listening = client;
        this.trouble = undefined;
        // What was said while nobody listened.
        this.heard(undefined);
        if (!this.closed()) await ended;
      } catch (error) {
        this.failed(error);
      }
      this.listening = undefined;
      await client.end().catch(() => undefined);
      if (!this.closed()) await pause(RECONNECT_MS);
    }
  }

  private closed(): boolean {
    return this.isClosed;
  }

  private failed(error: unknown): void {
    if (this.isClosed) return;
    this.trouble = 'no connection to the Postgres server';
    this.alarm.error('no connection', error);
  }
}

/** Whether the server said it, and the connection is well. */
function isAnswer(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return (
    typeof code === 'string' &&
    /^[0-9A-Z]{5}$/.test(code) &&
    !/^(?:57P|08|25P03|25006|E)/.test(code)
  );
}

/** What pg keeps to itself. */
function unref(client: Client): void {
  (
    client as unknown as { connection?: { stream?: { unref?(): void } } }
  ).connection?.stream?.unref?.();
}
