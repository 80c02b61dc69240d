import { sealWire } from '../outbox/sealed-wire';
import type { Vault } from '../records/vault';
import { ERASED_PRIORITY } from './erased-rows';
import type { Database } from './libsql';
import { asBytes, textOf, type Bytes } from './stored-text';

type Row = Readonly<Record<string, unknown>>;

/** What a table has, in whichever version; the first names are numbers, the others texts. */
const NUMBERS = ['priority', 'attempts', 'accepted_at', 'occurred_at'];
const TEXTS = ['destination', 'event_id', 'event_name', 'key'];

export interface CarriedTable {
  readonly from: string;
  readonly into: 'entries' | 'dead_letters';
  /** Columns beside those that both tables have. */
  readonly numbers: readonly string[];
  readonly texts: readonly string[];
  /** What every row gets, whatever it had. */
  readonly fixed?: Readonly<Record<string, number>>;
}

/**
 * Copies entries or dead letters of any version, row by row until nothing more can be read; what version 1
 * left open is sealed. Runs inside the caller's transaction. Rows that are damaged are left out.
 *
 * @param isDamaged the rest lies behind the damage, and is given up without a word.
 * @returns how many.
 */
export function carryOver(
  source: Database,
  target: Database,
  { from, into, numbers, texts, fixed = {} }: CarriedTable,
  vault: Vault,
  isDamaged: boolean,
): number {
  const isOpen = !hasColumn(source, from, 'sealed');
  const read = {
    numbers: [...NUMBERS, ...numbers],
    texts: [...TEXTS, ...texts, ...(isOpen ? ['body', 'envelope'] : ['about'])],
    blobs: isOpen ? [] : ['sealed'],
  };
  const names = [...NUMBERS, ...numbers, ...TEXTS, ...texts, 'about', 'sealed'];
  const all = [...names, ...Object.keys(fixed)];
  const insert = target.prepare(
    `INSERT OR IGNORE INTO ${into} (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')})`,
  );
  const columns = [...read.numbers, asBytes([...read.texts, ...read.blobs])].join(', ');
  let count = 0;
  try {
    for (const row of source.prepare(`SELECT ${columns} FROM ${from}`).iterate()) {
      const values = read.texts.reduce<Record<string, unknown> | undefined>(
        (known, name) => withText(known, name, (row as Row)[name]),
        { ...(row as Row) },
      );
      if (values?.priority === ERASED_PRIORITY) continue;
      if (values === undefined || read.numbers.some((name) => typeof values[name] !== 'number'))
        continue;
      if (isOpen) {
        values.about = '';
        const wire = { body: values.body as string, envelope: values.envelope as string };
        values.sealed = sealWire(vault, values.key as string, wire);
      } else {
        if (values.sealed === null) continue;
        values.sealed = Buffer.from(values.sealed as Buffer);
      }
      insert.run(...names.map((name) => values[name]), ...Object.values(fixed));
      count += 1;
    }
  } catch (error) {
    if (!isDamaged) throw error;
  }
  return count;
}

function withText(
  values: Record<string, unknown> | undefined,
  name: string,
  bytes: unknown,
): Record<string, unknown> | undefined {
  const text = bytes === null || bytes === undefined ? undefined : textOf(bytes as Bytes);
  return values === undefined || text === undefined
    ? undefined
    : Object.assign(values, { [name]: text });
}

function hasColumn(database: Database, table: string, column: string): boolean {
  const found = database
    .prepare('SELECT 1 FROM pragma_table_info(?) WHERE name = ?')
    .get(table, column);
  return found !== undefined;
}
