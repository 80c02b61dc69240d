import { loadPg } from '../bullmq/peers';
import { readStorageUrl } from '../bullmq/storage-url';
import type { AuditLogTools } from './chained-audit-log';
import { PostgresLines } from './postgres-lines';

const CONNECT_TIMEOUT_MS = 1_500;
const QUERY_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 2;

/**
 * A server that cannot be reached now is no failure: lines wait until it is there.
 *
 * @throws Error that says what to do: the package is missing, the URL is none.
 */
export async function openPostgresLines(
  url: string,
  { logger }: Pick<AuditLogTools, 'logger'>,
): Promise<PostgresLines> {
  const { connection, description, prefix } = readPostgresUrl(url);
  const { Pool } = await loadPg('audit');
  // In the URL they would win over ours.
  const address = new URL(connection);
  const theirs = address.searchParams.get('options') ?? '';
  address.searchParams.delete('options');
  const pool = new Pool({
    connectionString: address.toString(),
    options: `${theirs} -c search_path="${prefix}" -c lock_timeout=5000`,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    allowExitOnIdle: true,
  });
  pool.on('error', () => {
    logger.warn(`audit ${description}: an idle connection was lost`);
  });
  return new PostgresLines(pool, prefix, description);
}

/** @throws Error that says what was expected, without the URL's secrets. */
export function readPostgresUrl(url: string): ReturnType<typeof readStorageUrl> {
  try {
    return readStorageUrl(url);
  } catch (error) {
    throw new Error((error as Error).message.replace(/^storage:/, 'audit:'), { cause: error });
  }
}
