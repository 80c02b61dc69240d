import type { OutboxEntry } from '../outbox/outbox';

type About = Pick<OutboxEntry, 'subjects' | 'consentAtMs'>;

/** Whom an entry is about and since when it may be sent, as one text: `<consentAtMs>|<subject>|<subject>|`. */
export function writeAbout({ subjects, consentAtMs }: About): string {
  if (subjects === undefined && consentAtMs === undefined) return '';
  return `${[consentAtMs ?? '', ...(subjects ?? [])].join('|')}|`;
}

export function readAbout(text: string): About {
  const [consentAt = '', ...subjects] = text.slice(0, -1).split('|');
  return {
    subjects: subjects.length === 0 ? undefined : subjects,
    consentAtMs: consentAt === '' ? undefined : Number(consentAt),
  };
}

/** A condition on the column, with what it is to be given: whether any of the subjects is in it. */
export function isAbout(
  subjects: readonly string[],
  column = 'about',
): { sql: string; values: string[] } {
  return {
    sql: `(${subjects.map(() => `instr(${column}, ?) > 0`).join(' OR ')})`,
    values: subjects.map((subject) => `|${subject}|`),
  };
}
