import { noCounts, pendingOf, type LaneCounts } from '../outbox/lane-counts';
import type { LaneStats } from '../outbox/outbox';
import type { Database } from './libsql';
import { asBytes, textsOf, type TextRow } from './stored-text';

const COLUMNS: Readonly<Record<keyof LaneCounts | 'pendingBytes', string>> = {
  accepted: 'accepted',
  delivered: 'delivered',
  deadLettered: 'dead_lettered',
  expired: 'expired',
  dropped: 'dropped',
  duplicates: 'duplicates',
  refused: 'refused',
  retries: 'retries',
  pendingBytes: 'pending_bytes',
};
const NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];

const RETURNED = [asBytes(['destination']), ...Object.values(COLUMNS)].join(', ');

type Counters = LaneCounts & { pendingBytes: number };

/**
 * The numbers of all lanes. What a transaction changes is gathered and written at its end with one
 * statement per lane, whose answer tells what other processes have counted meanwhile.
 */
export class LaneCounters {
  private readonly known = new Map<string, Counters>();
  private readonly changes = new Map<string, Counters>();
  private readonly add;
  private readonly all;

  constructor(database: Database) {
    const columns = Object.values(COLUMNS);
    this.add = database.prepare(
      `INSERT INTO lanes (destination, ${columns.join(', ')})
       VALUES (?, ${columns.map(() => '?').join(', ')})
       ON CONFLICT DO UPDATE SET ${columns.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}
       RETURNING ${RETURNED}`,
    );
    this.all = database.prepare(`SELECT ${RETURNED} FROM lanes ORDER BY destination`);
    this.stats();
  }

  /** What the running transaction changes. */
  change(destination: string): Counters {
    let counters = this.changes.get(destination);
    if (counters === undefined) {
      counters = none();
      this.changes.set(destination, counters);
    }
    return counters;
  }

  pending(destination: string): number {
    const known = this.known.get(destination);
    const changed = this.changes.get(destination);
    return (
      (known === undefined ? 0 : pendingOf(known)) +
      (changed === undefined ? 0 : pendingOf(changed))
    );
  }

  pendingBytes(destination: string): number {
    return (
      (this.known.get(destination)?.pendingBytes ?? 0) +
      (this.changes.get(destination)?.pendingBytes ?? 0)
    );
  }

  write(): void {
    for (const [destination, change] of this.changes) {
      const row = this.add.get(destination, ...NAMES.map((name) => change[name]));
      this.remember(row as Record<string, unknown>);
    }
    this.changes.clear();
  }

  rolledBack(): void {
    this.changes.clear();
    // What `write` has learned may have been undone with the rest.
    this.stats();
  }

  /** Of all processes, since the file was made; what was known last where the file is out of reach. */
  stats(): LaneStats[] {
    try {
      for (const row of this.all.all()) this.remember(row as Record<string, unknown>);
    } catch {
      // What is written next says what is wrong.
    }
    return [...this.known].map(([destination, counters]) => ({
      destination,
      pending: pendingOf(counters),
      ...counters,
    }));
  }

  private remember(row: Record<string, unknown>): void {
    const counters = none();
    for (const name of NAMES) counters[name] = Number(row[COLUMNS[name]]);
    const { destination } = textsOf(row as TextRow<'destination'>, ['destination']);
    this.known.set(destination, counters);
  }
}

function none(): Counters {
  return { ...noCounts(), pendingBytes: 0 };
}
