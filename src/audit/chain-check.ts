import type { AuditLine, PurgeMark } from './audit-line';
import type { AuditHead, AuditProblem, AuditVerification } from './audit-log';
import type { ChainEnd, UnreadableLine } from './line-store';
import type { Seal } from './seal';

const MAX_PROBLEMS = 100;

/** Where a chain goes on with another line than the next one; what was purged explains some of it. */
interface Gap {
  readonly writer: string;
  /** The lines that should stand between. */
  readonly fromSeq: number;
  readonly toSeq: number;
  /** What the line behind the gap says of the one before it. */
  readonly prev: string;
}

interface Reached {
  seq: number;
  hash: string;
  isClosed: boolean;
}

/** Reads a log line by line and says in the end whether it is as it was written. */
export class ChainCheck {
  private readonly chains = new Map<string, Reached>();
  private readonly gaps: Gap[] = [];
  /** How far each chain went, as others have seen it. */
  private readonly seen = new Map<string, number>();
  private readonly problems: AuditProblem[] = [];
  private problemCount = 0;
  private records = 0;
  private forgotten = 0;

  constructor(private readonly seal: Seal) {}

  /** In the order in which the lines of each chain stand there. */
  add(line: AuditLine | UnreadableLine): void {
    if ('isUnreadable' in line) {
      this.problem('unreadable', line.writer, undefined, 'something stands here that is no line');
      return;
    }
    const { writer, seq, hash, prev } = line;
    if (!this.seal.isHashOf(line)) {
      this.problem(
        'altered',
        writer,
        seq,
        'is not what was written, or was written with another key',
      );
    } else if (this.areWhoWhole(line)) {
      this.records += 1;
      if (line.who.some((one) => 'cut' in one)) this.forgotten += 1;
      if (line.kind === 'log-opened' || line.kind === 'log-witnessed') this.witness(line);
    }
    const before = this.chains.get(writer);
    if (before !== undefined && seq <= before.seq) {
      this.problem('misplaced', writer, seq, `stands behind line ${before.seq}`);
      return;
    }
    const expected = (before?.seq ?? 0) + 1;
    if (seq > expected) this.gaps.push({ writer, fromSeq: expected, toSeq: seq - 1, prev });
    else if (prev !== (before?.hash ?? ''))
      this.problem('altered', writer, seq, 'does not follow the line before it');
    this.chains.set(writer, { seq, hash, isClosed: line.kind === 'log-closed' });
  }

  /**
   * @param marks as they stand after all lines were read.
   * @param heads as they stood before the first line was read.
   * @param ends as they stand now: lines that were added meanwhile.
   */
  result(
    marks: readonly PurgeMark[],
    heads: readonly AuditHead[],
    ends: readonly ChainEnd[],
  ): AuditVerification {
    const purged = this.purgedOf(marks);
    for (const gap of this.gaps) this.explain(gap, purged.get(gap.writer));
    for (const { writer, seq } of heads) this.see(writer, seq);
    const now = new Map(ends.map(({ writer, seq }) => [writer, seq]));
    for (const [writer, seq] of this.seen) {
      const reached = Math.max(
        this.chains.get(writer)?.seq ?? 0,
        purged.get(writer)?.seq ?? 0,
        now.get(writer) ?? 0,
      );
      if (reached < seq)
        this.problem('cut-short', writer, reached + 1, `ends before line ${seq}, which was there`);
    }
    const openEnds = [...this.chains.values()].filter(({ isClosed }) => !isClosed).length;
    const extent = { records: this.records, forgotten: this.forgotten, openEnds };
    return this.problemCount === 0
      ? { isIntact: true, ...extent }
      : {
          isIntact: false,
          ...extent,
          problems: this.problems,
          problemCount: this.problemCount,
        };
  }

  private areWhoWhole({ writer, seq, who, commitments }: AuditLine): boolean {
    const isWhole =
      who.length === commitments.length &&
      who.every((one, place) => this.seal.isWho(one, commitments[place], { writer, seq, place }));
    if (!isWhole)
      this.problem('who-altered', writer, seq, 'was about somebody else, or more people');
    return isWhole;
  }

  private purgedOf(marks: readonly PurgeMark[]): Map<string, PurgeMark> {
    const purged = new Map<string, PurgeMark>();
    for (const mark of marks) {
      if (!this.seal.isMark(mark)) {
        this.problem('mark-altered', mark.writer, mark.seq, 'this was not purged by us');
      } else if (mark.seq > (purged.get(mark.writer)?.seq ?? 0)) purged.set(mark.writer, mark);
    }
    return purged;
  }

  /** What was purged was a beginning, so that only a gap which ends there is one of ours. */
  private explain({ writer, fromSeq, toSeq, prev }: Gap, mark: PurgeMark | undefined): void {
    if (mark !== undefined && toSeq <= mark.seq) {
      if (toSeq === mark.seq && prev !== mark.hash)
        this.problem('altered', writer, toSeq + 1, 'does not follow what was purged');
      return;
    }
    const lines = fromSeq === toSeq ? 'a line was' : `${toSeq - fromSeq + 1} lines were`;
    this.problem('missing', writer, fromSeq, `${lines} taken out`);
  }

  private witness({ details }: AuditLine): void {
    const { heads = {} } = JSON.parse(details) as { heads?: Readonly<Record<string, number>> };
    for (const [writer, seq] of Object.entries(heads)) this.see(writer, seq);
  }

  private see(writer: string, seq: number): void {
    this.seen.set(writer, Math.max(seq, this.seen.get(writer) ?? 0));
  }

  private problem(
    code: AuditProblem['code'],
    writer: string,
    seq: number | undefined,
    message: string,
  ): void {
    this.problemCount += 1;
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ code, writer, seq, message });
  }
}
