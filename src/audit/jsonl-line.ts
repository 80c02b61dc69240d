import { isUtf8 } from 'node:buffer';

import type { AuditLine, Who } from './audit-line';
import type { UnreadableLine } from './line-store';
import { NONCE_CHARS } from './seal';

/** As it stands in a file; `about` is `<subject>.<nonce>`, or stars as long as the subject and the mark of the cut. */
interface Row {
  readonly writer: string;
  readonly seq: number;
  readonly atMs: number;
  readonly kind: string;
  readonly eventId: string;
  readonly details: object;
  readonly commitments: readonly string[];
  readonly prev: string;
  readonly hash: string;
  readonly about: readonly string[];
}

export function jsonOf(line: AuditLine): string {
  const about = line.who.map((who) =>
    'cut' in who ? `*.${who.cut}` : `${who.subject}.${who.nonce}`,
  );
  const details = JSON.parse(line.details) as object;
  return JSON.stringify(inOrder({ ...line, details, about }));
}

/** Only what was written byte for byte: a field that stands twice would say one thing to people and another to us. */
export function lineIn(bytes: Buffer, writer: string): AuditLine | UnreadableLine {
  const unreadable: UnreadableLine = { writer, isUnreadable: true };
  if (!isUtf8(bytes)) return unreadable;
  const text = bytes.toString();
  try {
    const row = JSON.parse(text) as Row;
    if (JSON.stringify(inOrder(row)) !== text || !isRow(row)) return unreadable;
    return { ...row, details: JSON.stringify(row.details), who: row.about.map(whoIn) };
  } catch {
    return unreadable;
  }
}

/** What to write over a subject that is to be forgotten, and where in the line; as long as what stood there. */
export function cutIn(
  bytes: Buffer,
  { subject, nonce }: { readonly subject: string; readonly nonce: string },
  mark: string,
): { readonly at: number; readonly bytes: Buffer } | undefined {
  const at = bytes.indexOf(`"${subject}.${nonce}"`);
  if (at < 0) return undefined;
  return { at: at + 1, bytes: Buffer.from(`${'*'.repeat(subject.length)}.${mark}`) };
}

function whoIn(text: string): Who {
  const at = text.length - NONCE_CHARS - 1;
  const [subject, secret] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  return /^\*+$/.test(subject) ? { cut: secret } : { subject, nonce: secret };
}

function inOrder(row: Row): Row {
  const { writer, seq, atMs, kind, eventId, details, commitments, prev, hash, about } = row;
  return { writer, seq, atMs, kind, eventId, details, commitments, prev, hash, about };
}

function isRow(row: Row): boolean {
  const areTexts = (list: unknown) =>
    Array.isArray(list) && list.every((one) => typeof one === 'string');
  return (
    [row.writer, row.kind, row.eventId, row.prev, row.hash].every(
      (text) => typeof text === 'string',
    ) &&
    Number.isSafeInteger(row.seq) &&
    typeof row.atMs === 'number' &&
    areTexts(row.commitments) &&
    areTexts(row.about)
  );
}
