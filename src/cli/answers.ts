import { DEFAULT_DEAD_LETTER_LIMIT } from '../outbox/dead-letter-query';
import type { DeadLetter, DeadLetterQuery, Outbox } from '../outbox/outbox';
import { oneLine, table } from './table';

/** What a command has to say. */
export interface Answer {
  readonly text: string;
  /** For the person beside it, not for a program that reads along. */
  readonly note?: string;
  readonly isFailure?: boolean;
}

interface Asked {
  readonly query: DeadLetterQuery;
  readonly isJson: boolean;
}

/** Longer reasons are cut in a table; `show` has the whole of it. */
const MAX_REASON_CHARS = 120;

/** One line for each, without what the event holds. */
export async function listed(outbox: Outbox, { query, isJson }: Asked): Promise<Answer> {
  const { letters, note } = await find(outbox, query);
  if (isJson) return { text: json(letters.map((letter) => facts(letter))), note };
  if (letters.length === 0) return { text: 'No dead letters.\n' };
  const rows = letters.map(({ entry, reason, attempts, atMs }) => [
    iso(atMs),
    entry.destination,
    entry.eventName,
    entry.eventId,
    attempts,
    reason.length > MAX_REASON_CHARS ? `${reason.slice(0, MAX_REASON_CHARS - 1)}…` : reason,
  ]);
  const headings = ['WHEN', 'DESTINATION', 'EVENT', 'EVENT ID', 'ATTEMPTS', 'REASON'];
  return { text: table(headings, rows), note };
}

/** Everything that is known of each; what the platform would have read only if it is asked for. */
export async function shown(
  outbox: Outbox,
  { query, isJson, withBody }: Asked & { readonly withBody: boolean },
): Promise<Answer> {
  const { letters, note } = await find(outbox, query);
  const all = letters.map((letter) => ({
    ...facts(letter),
    ...(withBody &&
      letter.isSealed !== true && {
        body: letter.entry.wire.body,
        envelope: letter.entry.wire.envelope,
      }),
  }));
  if (withBody && letters.some(({ isSealed }) => isSealed === true))
    return { text: isJson ? json(all) : blocksOf(all), note: SEALED, isFailure: true };
  if (isJson) return { text: json(all), note, isFailure: all.length === 0 };
  if (all.length === 0) return { text: '', note: 'there is no such dead letter', isFailure: true };
  return { text: blocksOf(all), note };
}

const SEALED =
  'some bodies cannot be opened: set TRACKING_ENCRYPTION_KEY to the keys that the application has';

function blocksOf(all: readonly object[]): string {
  return all
    .map((fields) =>
      Object.entries(fields)
        .filter(([, value]) => value !== '')
        .map(([name, value]) => `${`${name}:`.padEnd(13)}${oneLine(String(value))}\n`)
        .join(''),
    )
    .join('\n');
}

/** Puts them back, or throws them away. */
export async function changed(
  outbox: Outbox,
  { kind, query, isJson }: Asked & { readonly kind: 'redrive' | 'purge' },
): Promise<Answer> {
  if (kind === 'redrive') {
    const redriven = await outbox.redrive(query);
    return { text: isJson ? json({ redriven }) : `${count(redriven)} put back.\n` };
  }
  const purged = await outbox.purgeDeadLetters(query);
  return { text: isJson ? json({ purged }) : `${count(purged)} thrown away.\n` };
}

export async function statistics(
  outbox: Outbox,
  { isJson }: Pick<Asked, 'isJson'>,
): Promise<Answer> {
  const lanes = await outbox.stats();
  if (isJson) return { text: json(lanes) };
  if (lanes.length === 0) return { text: 'No destination has had an event yet.\n' };
  const headings = [
    'DESTINATION',
    'PENDING',
    'BYTES',
    'ACCEPTED',
    'DELIVERED',
    'DEAD LETTERS',
    'EXPIRED',
    'DROPPED',
    'DUPLICATES',
    'REFUSED',
    'RETRIES',
  ];
  const rows = lanes.map((lane) => [
    lane.destination,
    lane.pending,
    lane.pendingBytes,
    lane.accepted,
    lane.delivered,
    lane.deadLettered,
    lane.expired,
    lane.dropped,
    lane.duplicates,
    lane.refused,
    lane.retries,
  ]);
  return { text: table(headings, rows) };
}

/** One more than is shown tells whether there are more. */
async function find(
  outbox: Outbox,
  query: DeadLetterQuery,
): Promise<{ letters: readonly DeadLetter[]; note: string | undefined }> {
  const limit = query.limit ?? DEFAULT_DEAD_LETTER_LIMIT;
  const found = await outbox.deadLetters({ ...query, limit: limit + 1 });
  const note =
    found.length > limit ? `these are the oldest ${limit}; there are more: --limit` : undefined;
  return { letters: found.slice(0, limit), note };
}

function facts({ entry, reason, attempts, atMs }: DeadLetter) {
  return {
    destination: entry.destination,
    event: entry.eventName,
    eventId: entry.eventId,
    reason,
    attempts,
    at: iso(atMs),
    acceptedAt: iso(entry.acceptedAtMs),
    occurredAt: iso(entry.occurredAtMs),
    key: entry.key,
  };
}

/** Dates of events come from hosts; what no date can be is shown as it is. */
function iso(unixMs: number): string {
  const date = new Date(unixMs);
  return Number.isNaN(date.getTime()) ? String(unixMs) : date.toISOString();
}

function count(letters: number): string {
  return letters === 1 ? '1 dead letter' : `${letters} dead letters`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
