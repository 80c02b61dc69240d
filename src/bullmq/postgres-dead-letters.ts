import type { PoolClient } from 'pg';

import { isAskedFor } from '../outbox/dead-letter-query';
import type { DeadLetterQuery } from '../outbox/outbox';
import type { Buried, LetterCodec, StoredLetter } from './stored-letter';

interface Found {
  readonly id: string;
  readonly letter: StoredLetter;
}

const PAGE = 500;

/** The oldest first; `locking` is a clause of the statement. */
export async function findDeadLetters(
  client: PoolClient,
  codec: LetterCodec,
  oldestMs: number,
  query: DeadLetterQuery,
  limit: number,
  locking: string,
): Promise<Found[]> {
  const found: Found[] = [];
  let after: { at_ms: string; id: string } = {
    at_ms: String(Math.floor(oldestMs)),
    id: '0',
  };
  while (found.length < limit) {
    const { rows } = await client.query<{ id: string; at_ms: string; letter: string }>(
      `SELECT id, at_ms, letter FROM tracking_dead_letter
          WHERE (at_ms, id) > ($1::bigint, $2::bigint) AND ($3::text IS NULL OR destination = $3)
          ORDER BY at_ms, id LIMIT ${PAGE} ${locking}`,
      [after.at_ms, after.id, query.destination ?? null],
    );
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last;
    for (const { id, letter: text } of rows) {
      const letter = codec.read(text);
      if (found.length < limit && isAskedFor(letter, query)) found.push({ id, letter });
    }
  }
  return found;
}

export async function insertDeadLetters(
  client: PoolClient,
  codec: LetterCodec,
  letters: readonly Buried[],
): Promise<void> {
  if (letters.length === 0) return;
  await client.query(
    `INSERT INTO tracking_dead_letter (destination, at_ms, letter)
       SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])`,
    [
      letters.map(({ entry }) => entry.destination),
      letters.map(({ atMs }) => Math.floor(atMs)),
      letters.map((letter) => codec.encode(letter)),
    ],
  );
}

export async function deleteDeadLetters(
  client: PoolClient,
  found: readonly { readonly id: string }[],
): Promise<void> {
  if (found.length === 0) return;
  await client.query('DELETE FROM tracking_dead_letter WHERE id = ANY($1::bigint[])', [
    found.map(({ id }) => id),
  ]);
}

export async function findDeadLettersAbout(
  client: Pick<PoolClient, 'query'>,
  codec: LetterCodec,
  oldestMs: number,
  subjects: readonly string[],
): Promise<readonly StoredLetter['entry'][]> {
  const { rows } = await client.query<{ letter: string }>(
    `SELECT letter FROM tracking_dead_letter
       WHERE at_ms >= $1::bigint AND (letter::jsonb)->'entry'->'subjects' ?| $2::text[] ORDER BY at_ms, id`,
    [Math.floor(oldestMs), subjects],
  );
  return rows.map(({ letter }) => codec.read(letter).entry);
}

export async function eraseDeadLetters(
  client: PoolClient,
  subjects: readonly string[],
): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM tracking_dead_letter
       WHERE (letter::jsonb)->'entry'->'subjects' ?| $1::text[]`,
    [subjects],
  );
  return rowCount ?? 0;
}
