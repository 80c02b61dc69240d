import { systemClock } from '../clock';
import { toBeRead } from './audit-heads';
import type { AuditVerification, HeadStore } from './audit-log';
import { openAuditLog, type AuditLogOptions } from './open-audit-log';
import { whyNoLog } from './why-no-log';

/**
 * Reads a whole log and says whether it is as it was written; nothing is added or removed.
 *
 * @param keys what `auditKeys` makes, or those with which you opened it.
 * @param heads where the application keeps the ends of chains, if it does.
 * @throws Error when it is not there, or cannot be opened or read.
 */
export async function verifyAuditLog(
  url: string,
  { key, formerKeys = [] }: Pick<AuditLogOptions, 'key' | 'formerKeys'>,
  heads?: Pick<HeadStore, 'load'>,
): Promise<AuditVerification> {
  const fault = await whyNoLog(url);
  if (fault !== undefined) throw new Error(`audit: ${fault}`);
  const log = await openAuditLog(url, {
    key,
    formerKeys,
    clock: systemClock,
    logger: { warn: () => undefined, error: () => undefined },
    heads: heads && toBeRead(heads),
    retentionDays: Infinity,
  });
  try {
    return await log.verify();
  } finally {
    await log.close();
  }
}
