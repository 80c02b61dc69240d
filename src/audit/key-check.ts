import { AUDIT_KINDS, LOG_KINDS } from './audit-record';
import type { ChainEnd, LineStore } from './line-store';
import type { Seal } from './seal';

/** Of so many chains, those that were written to last, the end is looked at: a whole log takes too long. */
const CHAINS = 3;
const KINDS: readonly string[] = [...AUDIT_KINDS, ...LOG_KINDS];
/** More than one chain writes within a millisecond. */
const MAX_LINES = 1_000;

/**
 * Whether the last lines of a log were written with keys that are there now. A wrong key writes as well as the right
 * one, and nobody would see it until the log has to prove something.
 *
 * @param writer whose lines do not count: this process'.
 */
export async function endsAreOurs(
  store: Pick<LineStore, 'ends' | 'find'>,
  seal: Pick<Seal, 'isHashOf'>,
  writer: string,
): Promise<boolean> {
  const ends = (await store.ends()).filter((end) => end.writer !== writer);
  const last = ends.sort((a, b) => b.atMs - a.atMs).slice(0, CHAINS);
  for (const end of last) if (!(await isOurs(store, seal, end))) return false;
  return true;
}

/** What is gone meanwhile, or cannot be read, says nothing of the key. */
async function isOurs(
  store: Pick<LineStore, 'find'>,
  seal: Pick<Seal, 'isHashOf'>,
  { writer, seq, atMs }: ChainEnd,
): Promise<boolean> {
  const query = { kinds: KINDS, sinceMs: atMs, untilMs: atMs + 1, limit: MAX_LINES };
  const line = (await store.find(query)).find((one) => one.writer === writer && one.seq === seq);
  return line === undefined || seal.isHashOf(line);
}
