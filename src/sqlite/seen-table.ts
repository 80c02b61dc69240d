import { createHash } from 'node:crypto';

import type { Database } from './sqlite-database';

/** Idempotency keys of the last while, as hashes. */
export class SeenTable {
  private readonly addOne;
  private readonly findOne;
  private readonly removeOne;
  private readonly slice;
  private readonly removeSome;
  private sweptTo = -(2n ** 63n);

  constructor(database: Database) {
    this.addOne = database.prepare(
      `INSERT INTO seen (hash, expires_at) VALUES (?, ?)
       ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at WHERE expires_at <= ?`,
    );
    this.findOne = database.prepare('SELECT 1 FROM seen WHERE hash = ? AND expires_at > ?');
    this.removeOne = database.prepare('DELETE FROM seen WHERE hash = ?');
    this.slice = database
      .prepare('SELECT hash, expires_at FROM seen WHERE hash > ? ORDER BY hash LIMIT ?')
      .safeIntegers(true);
    this.removeSome = database.prepare(
      'DELETE FROM seen WHERE hash > ? AND hash <= ? AND expires_at <= ?',
    );
  }

  /** @returns whether the key is new within the window; it counts as seen from now on. */
  add(key: string, nowMs: number, windowMs: number): boolean {
    return this.addOne.run(hashOf(key), nowMs + windowMs, nowMs).changes > 0;
  }

  has(key: string, nowMs: number): boolean {
    return this.findOne.get(hashOf(key), nowMs) !== undefined;
  }

  remove(key: string): void {
    this.removeOne.run(hashOf(key));
  }

  /** Removes what has expired from the next slice of the table, and starts over at its end. */
  sweep(nowMs: number, rows: number): void {
    const slice = this.slice.all(this.sweptTo, rows) as { hash: bigint; expires_at: bigint }[];
    const last = slice.at(-1);
    if (last !== undefined && slice.some(({ expires_at }) => expires_at <= nowMs))
      this.removeSome.run(this.sweptTo, last.hash, nowMs);
    this.sweptTo = slice.length < rows || last === undefined ? -(2n ** 63n) : last.hash;
  }
}

/** 64 bits of a SHA-256: that any two of a million keys are alike has a chance of one in 30 million. */
function hashOf(key: string): bigint {
  return createHash('sha256').update(key).digest().readBigInt64LE(0);
}
