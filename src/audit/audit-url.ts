import { readSqliteLocation } from '../sqlite/sqlite-location';
import { readPostgresUrl } from './postgres-pool';

export type AuditMember = 'sqlite' | 'postgres' | 'jsonl';

const EXPECTED =
  'expected file:./data/audit.db, postgres://user@host:5432/database or jsonl:./data/audit.jsonl';

/** Which member a URL names; nothing for any other. */
export function auditMemberOf(url: string): AuditMember | undefined {
  if (url.startsWith('file:')) return 'sqlite';
  if (url.startsWith('jsonl:')) return 'jsonl';
  return /^postgres(?:ql)?:/.test(url) ? 'postgres' : undefined;
}

/** What is wrong with the URL of a log, if something is; says nothing of a password in it. */
export function auditUrlProblem(url: string): string | undefined {
  switch (auditMemberOf(url)) {
    case 'sqlite': {
      const location = readSqliteLocation(url);
      return typeof location === 'string' ? location.replace('tracking.db', 'audit.db') : undefined;
    }
    case 'jsonl':
      return jsonlPathOf(url) === undefined
        ? 'expected a file such as jsonl:./data/audit.jsonl'
        : undefined;
    case 'postgres':
      try {
        readPostgresUrl(url);
        return undefined;
      } catch (error) {
        return (error as Error).message.replace(/^audit: /, '');
      }
    default:
      return EXPECTED;
  }
}

export function jsonlPathOf(url: string): string | undefined {
  const path = url.slice('jsonl:'.length);
  return path.endsWith('.jsonl') && !/(?:^|\/)\.jsonl$/.test(path) ? path : undefined;
}
