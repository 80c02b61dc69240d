/** A line as it is stored. All of it is under the hash except who it is about, for which `commitments` stand. */
export interface AuditLine {
  /** One run of one process: random. */
  readonly writer: string;
  /** From 1, without gaps. */
  readonly seq: number;
  readonly atMs: number;
  readonly kind: string;
  /** Empty where there is none. */
  readonly eventId: string;
  /** The rest of the fact as JSON, exactly as it was hashed. */
  readonly details: string;
  /** One per subject: a hash of it and of a random number, which says nothing once both are gone. */
  readonly commitments: readonly string[];
  /** Hash of the line before it; empty in the first one. */
  readonly prev: string;
  readonly hash: string;
  /** One per commitment. */
  readonly who: readonly Who[];
}

export type Who = KnownWho | ForgottenWho;

export interface KnownWho {
  readonly subject: string;
  /** 22 characters. */
  readonly nonce: string;
}

export interface ForgottenWho {
  /** Says that we have cut it, and nobody else; 22 characters. */
  readonly cut: string;
}

/** Says that a chain begins behind `seq` because what stood before was purged. */
export interface PurgeMark {
  readonly writer: string;
  readonly seq: number;
  readonly hash: string;
  /** When it was purged. */
  readonly atMs: number;
  readonly mac: string;
}

/** Where a line's subject stands. */
export interface WhoPlace {
  readonly writer: string;
  readonly seq: number;
  /** Index in `commitments`. */
  readonly place: number;
}
