import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Redis } from 'ioredis';
import { Client } from 'pg';

export const REDIS_URL = 'redis://127.0.0.1:6379';
export const POSTGRES_URL = 'postgres://postgres@127.0.0.1:5432/test';

/** Every byte of every file in the folder: databases, their logs, lines. */
export function dumpFolder(folder: string): string {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('\n');
}

/** Everything that lies under the prefix, as text. */
export async function dumpRedis(prefix: string): Promise<string> {
  const redis = new Redis(REDIS_URL);
  const parts: unknown[] = [];
  for (const key of await redis.keys(`${prefix}:*`)) {
    const type = await redis.type(key);
    parts.push(key);
    if (type === 'hash') parts.push(await redis.hgetall(key));
    if (type === 'string') parts.push(await redis.get(key));
    if (type === 'stream') parts.push(await redis.xrange(key, '-', '+'));
    if (type === 'list') parts.push(await redis.lrange(key, 0, -1));
    if (type === 'set') parts.push(await redis.smembers(key));
    if (type === 'zset') parts.push(await redis.zrange(key, '0', '-1'));
  }
  await redis.quit();
  return JSON.stringify(parts);
}

/** Every row of the schema of that name, as text. */
export async function dumpPostgres(schema: string): Promise<string> {
  const client = new Client(POSTGRES_URL);
  await client.connect();
  const { rows: tables } = await client.query<{ name: string }>(
    'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1',
    [schema],
  );
  const parts: unknown[] = [];
  for (const { name } of tables)
    parts.push((await client.query(`SELECT t::text FROM ${schema}.${name} AS t`)).rows);
  await client.end();
  return JSON.stringify(parts);
}

/** Nothing of this prefix is left on the servers. */
export async function clearServers(prefix: string): Promise<void> {
  const redis = new Redis(REDIS_URL);
  const keys = await redis.keys(`${prefix}:*`);
  if (keys.length > 0) await redis.del(...keys);
  await redis.quit();
  const client = new Client(POSTGRES_URL);
  await client.connect();
  await client.query(`DROP SCHEMA IF EXISTS ${prefix} CASCADE`);
  await client.end();
}
