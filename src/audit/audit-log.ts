import type { AuditEntry, AuditFact, AuditKind, LogKind } from './audit-record';

/** What happened to whom, to be shown later: only added to, and what is changed by hand shows. */
export interface AuditLog {
  /** For status and logs; never holds a password. */
  readonly description: string;
  /** Why lines could not be written lately; `undefined` while they can. They are kept in memory and tried again. */
  readonly failing?: string | undefined;
  /**
   * Takes a fact for the next group, which is written within about 100 ms. Never throws and never waits:
   * with 20,000 facts that could not be written, further ones are counted, and the count is written.
   */
  record(fact: AuditFact): void;
  /** Resolves when all that was recorded before is durable. Rejects when it cannot be written now; it is kept. */
  flush(): Promise<void>;
  /** Oldest first, at most `limit`. Rejects when the log is out of reach. */
  query(query: AuditQuery): Promise<readonly AuditEntry[]>;
  /**
   * Cuts these hashes from the lines of all processes. The lines stay, the chains hold. What another process
   * has recorded within the last 100 ms is not there yet.
   *
   * @returns of how many lines.
   */
  forget(subjects: readonly string[]): Promise<number>;
  /** Reads everything. Rejects when the log is out of reach. */
  verify(): Promise<AuditVerification>;
  /**
   * Removes what is older, of each chain from its beginning. A file of JSON lines goes when its whole day is
   * older.
   *
   * @returns how many lines.
   */
  purgeBefore(unixMs: number): Promise<number>;
  /** Writes what is left, within five seconds, and says what could not be written. Never rejects. */
  close(): Promise<void>;
}

export interface AuditQuery {
  /** Lines about any of these people. */
  readonly subjects?: readonly string[] | undefined;
  readonly eventId?: string | undefined;
  /** Without it, everything except what the log says of itself. */
  readonly kinds?: readonly (AuditKind | LogKind)[] | undefined;
  readonly sinceMs?: number | undefined;
  /** Up to, but not including. */
  readonly untilMs?: number | undefined;
  /** Default: 1,000. `Infinity`: all of them. */
  readonly limit?: number | undefined;
}

export type AuditVerification =
  | (AuditExtent & { readonly isIntact: true })
  | (AuditExtent & {
      readonly isIntact: false;
      /** The first hundred. */
      readonly problems: readonly AuditProblem[];
      readonly problemCount: number;
    });

export interface AuditExtent {
  /** Lines that were read and are as they were written. */
  readonly records: number;
  /** Lines from which somebody was forgotten. */
  readonly forgotten: number;
  /** Chains of which nobody can say where they should end: still written to, or their process died. */
  readonly openEnds: number;
}

export interface AuditProblem {
  readonly code:
    /** Not what was written, or written with another key. */
    | 'altered'
    /** Lines were taken out. */
    | 'missing'
    /** Stands where it does not belong, or twice. */
    | 'misplaced'
    /** Who it is about was taken out or replaced, and not by `forget`. */
    | 'who-altered'
    /** Lines were taken from the end, or the whole chain. */
    | 'cut-short'
    /** No line at all. */
    | 'unreadable'
    /** The note of what was purged is not ours. */
    | 'mark-altered';
  readonly writer: string;
  readonly seq?: number;
  readonly message: string;
}

/** The end of a chain. */
export interface AuditHead {
  readonly writer: string;
  readonly seq: number;
  readonly hash: string;
}

/**
 * Keeps the ends of all chains in another place than the log, so that lines missing at the end show. May be
 * slow: it is told of an end about once a second.
 */
export interface HeadStore {
  /** Replaces the end that it knows of this writer. */
  save(head: AuditHead): Promise<void>;
  load(): Promise<readonly AuditHead[]>;
  /** Chains that were purged as a whole. */
  remove(writers: readonly string[]): Promise<void>;
}
