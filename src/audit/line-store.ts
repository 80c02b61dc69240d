import type { AuditQuery } from './audit-log';
import type { AuditLine, PurgeMark, WhoPlace } from './audit-line';

/** Where lines stand: what a member of the log has to do, without a word about keys. */
export interface LineStore {
  readonly description: string;
  /** All of them or none, durable when it resolves. The same lines once more change nothing. */
  append(lines: readonly AuditLine[]): Promise<void>;
  /** Oldest first. */
  find(query: StoreQuery): Promise<readonly AuditLine[]>;
  /** All lines, each chain in the order in which it stands there. */
  read(): AsyncIterable<AuditLine | UnreadableLine>;
  /** Puts a mark in the place of each of these subjects. @returns how many lines were changed. */
  cut(subjects: readonly string[], markOf: (place: WhoPlace) => string): Promise<number>;
  /** The last line of each chain. */
  ends(): Promise<readonly ChainEnd[]>;
  marks(): Promise<readonly PurgeMark[]>;
  /** Removes whole beginnings of chains and marks where they begin now. @returns how many lines. */
  purge(beforeMs: number, markOf: (end: Omit<ChainEnd, 'atMs'>) => PurgeMark): Promise<number>;
  removeMarks(writers: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface StoreQuery extends Omit<AuditQuery, 'kinds'> {
  readonly kinds: readonly string[];
  readonly limit: number;
}

export interface ChainEnd {
  readonly writer: string;
  readonly seq: number;
  readonly hash: string;
  readonly atMs: number;
}

/** What stands where a line should, and is none. */
export interface UnreadableLine {
  readonly writer: string;
  readonly isUnreadable: true;
}
