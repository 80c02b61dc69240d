import type { AuditLine } from './audit-line';
import type { AuditEntry, AuditFact } from './audit-record';

/** What a line says, for people and their exports: without hashes and random numbers. */
export function entryOf(line: AuditLine): AuditEntry {
  return {
    writer: line.writer,
    seq: line.seq,
    atMs: line.atMs,
    kind: line.kind as AuditEntry['kind'],
    subjects: line.who.flatMap((one) => ('subject' in one ? [one.subject] : [])),
    ...(line.eventId !== '' && { eventId: line.eventId }),
    ...detailsIn(line),
  };
}

function detailsIn({ details }: AuditLine): Partial<AuditFact> {
  try {
    return JSON.parse(details) as Partial<AuditFact>;
  } catch {
    // Altered by hand: `verify` says so.
    return {};
  }
}
