import type { AuditLine, Who } from './audit-line';
import type { UnreadableLine } from './line-store';

/** Of a line, what is stored as text; `who` as JSON of `[place, subject, secret]`. */
export interface LineTexts {
  readonly writer: string;
  readonly kind: string;
  readonly eventId: string;
  readonly details: string;
  readonly commitments: string;
  readonly prev: string;
  readonly hash: string;
  readonly who: string;
}

/** A line from the columns of a table, which somebody may have changed by hand. */
export function storedLine(
  texts: LineTexts,
  seq: unknown,
  atMs: unknown,
): AuditLine | UnreadableLine {
  const unreadable: UnreadableLine = { writer: texts.writer, isUnreadable: true };
  if (!Number.isSafeInteger(seq) || typeof atMs !== 'number') return unreadable;
  const who = whoOf(parsed(texts.who));
  if (who === undefined) return unreadable;
  const commitments = texts.commitments === '' ? [] : texts.commitments.split(' ');
  return { ...texts, seq: seq as number, atMs, commitments, who };
}

export function isLine(line: AuditLine | UnreadableLine): line is AuditLine {
  return !('isUnreadable' in line);
}

/** The two columns of each: a subject and its nonce, or nobody and the mark of the cut. */
export function whoColumns(who: Who): readonly [subject: string | null, secret: string] {
  return 'cut' in who ? [null, who.cut] : [who.subject, who.nonce];
}

function whoOf(rows: unknown): Who[] | undefined {
  if (!Array.isArray(rows)) return undefined;
  const places: Who[] = [];
  for (const row of rows) {
    const [place, subject, secret] = row as [unknown, unknown, unknown];
    if (typeof place !== 'number' || typeof secret !== 'string') return undefined;
    places[place] = typeof subject === 'string' ? { subject, nonce: secret } : { cut: secret };
  }
  // One that is missing leaves a hole, and the others go to other places than their own.
  return places.flat();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
