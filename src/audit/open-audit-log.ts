import { systemClock, type Clock } from '../clock';
import type { AuditLog, HeadStore } from './audit-log';
import { auditMemberOf, auditUrlProblem, jsonlPathOf } from './audit-url';
import { ChainedAuditLog, type AuditLogTools } from './chained-audit-log';
import { JsonlLines } from './jsonl-lines';
import type { LineStore } from './line-store';
import { openPostgresLines } from './postgres-pool';
import { Seal } from './seal';
import { openSqliteLines } from './sqlite-file';

/** Thirteen months, which is how long a proof of consent is commonly kept. */
export const DEFAULT_RETENTION_DAYS = 395;

export interface AuditLogOptions {
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  readonly logger: AuditLogTools['logger'];
  /** At least 16 bytes, the same for all processes and for as long as a line is to be proven. */
  readonly key: Uint8Array;
  /** Keys of before: lines that were written with them hold still. */
  readonly formerKeys?: readonly Uint8Array[] | undefined;
  /** Where ends of chains are kept besides. */
  readonly heads?: HeadStore | undefined;
  /** Lines that are older are removed, at the start and once a day. Default: 395. */
  readonly retentionDays?: number | undefined;
}

/**
 * Opens the log that a URL names: `file:` (SQLite), `postgres:`, `jsonl:`. Its package is loaded here and now.
 *
 * @throws Error that says what to install or to change; holds no password.
 */
export async function openAuditLog(url: string, options: AuditLogOptions): Promise<AuditLog> {
  const { key, formerKeys, retentionDays = DEFAULT_RETENTION_DAYS } = options;
  const { logger, heads, clock = systemClock } = options;
  const tools = { clock, logger, heads };
  const seal = new Seal(key, formerKeys);
  const store = await openLines(url, tools);
  const log = new ChainedAuditLog(store, seal, { ...tools, retentionDays });
  log.checkKey();
  if (Number.isFinite(retentionDays)) log.keepRetention();
  return log;
}

async function openLines(
  url: string,
  tools: Pick<AuditLogTools, 'clock' | 'logger'>,
): Promise<LineStore> {
  const problem = auditUrlProblem(url);
  if (problem !== undefined) throw new Error(`audit: ${problem}`);
  switch (auditMemberOf(url)) {
    case 'sqlite':
      return openSqliteLines(url, tools);
    case 'postgres':
      return openPostgresLines(url, tools);
    default:
      return openJsonlLines(jsonlPathOf(url) ?? '', tools.clock);
  }
}

async function openJsonlLines(path: string, clock: Clock): Promise<JsonlLines> {
  const lines = new JsonlLines(path, clock);
  await lines.makeFolder().catch((error: unknown) => {
    const { code } = error as { code?: string };
    throw new Error(
      `audit ${lines.description}: its folder cannot be made (${code ?? 'unknown'})`,
      {
        cause: error,
      },
    );
  });
  return lines;
}
