import type { Database } from './libsql';

/**
 * How long a process that gives no sign of life keeps its entries. Long enough for a stalled event loop,
 * short enough that what a crash left behind goes on within ten seconds.
 */
export const LEASE_MS = 5_000;
export const RENEWAL_MS = 1_500;

/**
 * This process as an owner of entries: one lease for all that it holds. Whoever finds a lease that has
 * run out takes the entries and the lease away in one transaction, so a process that was frozen finds out
 * at its next write that nothing is its own any more.
 *
 * All methods that write want to be called inside a transaction.
 */
export class OwnerLease {
  private id: number | undefined;
  private endsAtMs = -Infinity;
  /** Holds only once the transaction is through. */
  private tentative: { id: number; endsAtMs: number } | undefined;
  /** When the next lease of another process may run out, as of the last look. */
  nextLapseMs = Infinity;
  private isConfirmed: boolean | undefined;
  private readonly find;
  private readonly insert;
  private readonly prolong;
  private readonly lapsed;
  private readonly nextLapse;
  private readonly groupOwnerAfter;
  private readonly release;
  private readonly remove;

  constructor(database: Database) {
    this.find = database.prepare('SELECT 1 FROM owners WHERE id = ?');
    this.insert = database.prepare('INSERT INTO owners (lease_ends_at) VALUES (?)');
    this.prolong = database.prepare('UPDATE owners SET lease_ends_at = ? WHERE id = ?');
    this.lapsed = database.prepare('SELECT id FROM owners WHERE lease_ends_at < ? AND id <> ?');
    this.nextLapse = database.prepare(
      'SELECT min(lease_ends_at) AS endsAtMs FROM owners WHERE id <> ?',
    );
    this.groupOwnerAfter = database.prepare(
      'SELECT min(owner) AS owner FROM entry_groups WHERE owner > ?',
    );
    const release = ['entries', 'entry_groups'].map((table) =>
      database.prepare(`UPDATE ${table} SET owner = 0 WHERE owner = ?`),
    );
    this.release = (owner: number) => {
      for (const statement of release) statement.run(owner);
    };
    this.remove = database.prepare('DELETE FROM owners WHERE id = ?');
  }

  /** What entries that are claimed now are marked with; `undefined` before the first renewal. */
  get current(): number | undefined {
    return this.tentative?.id ?? this.id;
  }

  /** Whether nobody can have taken our entries away yet. */
  isValid(nowMs: number): boolean {
    return this.id !== undefined && nowMs < this.endsAtMs;
  }

  /** Wants to be told when a transaction begins, because only inside one is the answer sure. */
  begun(): void {
    this.isConfirmed = undefined;
  }

  /** Under which owner this transaction may put entries; `undefined` where our lease was taken away. */
  confirmed(): number | undefined {
    const { current } = this;
    if (current === undefined) return undefined;
    this.isConfirmed ??= this.find.get(current) !== undefined;
    return this.isConfirmed ? current : undefined;
  }

  /** Prolongs the lease, or takes a new one where it was taken away. @returns whether it was. */
  renew(nowMs: number): boolean {
    const endsAtMs = nowMs + LEASE_MS;
    this.isConfirmed = true;
    const { current } = this;
    if (current !== undefined && this.prolong.run(endsAtMs, current).changes > 0) {
      this.tentative = { id: current, endsAtMs };
      return false;
    }
    const { lastInsertRowid } = this.insert.run(endsAtMs);
    this.tentative = { id: Number(lastInsertRowid), endsAtMs };
    return current !== undefined;
  }

  /** Takes what dead processes hold. @returns whether there was something. */
  reap(nowMs: number): boolean {
    const dead = this.lapsed.all(nowMs, this.current ?? 0) as { id: number }[];
    for (const { id } of dead) {
      this.release(id);
      this.remove.run(id);
    }
    const next = this.nextLapse.get(this.current ?? 0) as { endsAtMs: number | null };
    this.nextLapseMs = next.endsAtMs ?? Infinity;
    return this.takeForsaken() || dead.length > 0;
  }

  /** An older version that still has the file open takes a lease away without the groups that are held under it. */
  private takeForsaken(): boolean {
    let isAny = false;
    for (let owner = this.nextGroupOwner(0); owner !== null; owner = this.nextGroupOwner(owner)) {
      if (this.find.get(owner) !== undefined) continue;
      this.release(owner);
      isAny = true;
    }
    return isAny;
  }

  private nextGroupOwner(after: number): number | null {
    return (this.groupOwnerAfter.get(after) as { owner: number | null }).owner;
  }

  /** Gives everything back. */
  end(): void {
    const { current } = this;
    if (current !== undefined) {
      this.release(current);
      this.remove.run(current);
    }
  }

  committed(): void {
    if (this.tentative === undefined) return;
    this.id = this.tentative.id;
    this.endsAtMs = this.tentative.endsAtMs;
    this.tentative = undefined;
  }

  rolledBack(): void {
    this.tentative = undefined;
  }
}
