import fc from 'fast-check';

import type { AuditLine, Who } from './audit-line';
import type { AuditProblem, AuditVerification } from './audit-log';
import type { AuditFact } from './audit-record';
import { ChainCheck } from './chain-check';
import { ChainWriter } from './chain-writer';
import { Seal } from './seal';

const NOW_MS = Date.UTC(2026, 0, 15);
const KEY = Buffer.alloc(32, 1);
const seal = new Seal(KEY);

function chainOf(length: number, as = seal): AuditLine[] {
  const chain = new ChainWriter(as);
  return Array.from({ length }, (_unused, index) => chain.fact(fact(index), NOW_MS));
}

function fact(index: number): AuditFact {
  const subjects = ['anna-0123456789abcdef', 'bert-0123456789abcdef'].slice(0, index % 3);
  return { kind: 'delivered', atMs: NOW_MS - 100 + index, subjects, eventId: `e${index}` };
}

type Result = Parameters<ChainCheck['result']>;

function check(
  lines: readonly AuditLine[],
  { marks = [], heads = [] }: { marks?: Result[0]; heads?: Result[1] } = {},
  as = seal,
): AuditVerification {
  const chainCheck = new ChainCheck(as);
  for (const line of lines) chainCheck.add(line);
  return chainCheck.result(marks, heads, []);
}

function codes(found: AuditVerification): AuditProblem['code'][] {
  return found.isIntact ? [] : found.problems.map(({ code }) => code);
}

/** One of the ways to change one text or number of a line, whichever it is. */
const ALTERATIONS: readonly ((line: AuditLine, other: string) => AuditLine)[] = [
  (line) => ({ ...line, seq: line.seq + 1 }),
  (line) => ({ ...line, seq: line.seq - 1 }),
  (line) => ({ ...line, atMs: line.atMs + 1 }),
  (line, other) => ({ ...line, writer: other }),
  (line, other) => ({ ...line, kind: other }),
  (line, other) => ({ ...line, eventId: other }),
  (line, other) => ({ ...line, details: other }),
  (line, other) => ({ ...line, prev: other }),
  (line, other) => ({ ...line, hash: other }),
  (line, other) => ({ ...line, commitments: [...line.commitments, other] }),
  (line, other) => ({ ...line, commitments: [other, ...line.commitments.slice(1)] }),
  (line, other) => ({ ...line, who: [...line.who, { subject: other, nonce: other }] }),
  (line, other) => ({ ...line, who: [{ subject: other, nonce: 'n' }, ...line.who.slice(1)] }),
  (line, other) => ({ ...line, who: [{ cut: other }, ...line.who.slice(1)] }),
];

describe('ChainCheck', () => {
  it('finds a whole chain whole', () => {
    expect(check(chainOf(9))).toEqual({ isIntact: true, records: 9, forgotten: 0, openEnds: 1 });
  });

  it('finds any one line that was altered, whichever part of it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.nat(),
        fc.constantFrom(...ALTERATIONS),
        fc.string({ minLength: 1 }),
        (length, at, alter, other) => {
          const lines = chainOf(length);
          const index = at % length;
          lines[index] = alter(lines[index]!, other);
          expect(check(lines).isIntact).toBe(false);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('finds any one line that was removed, doubled or moved; the last one where its end is known', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.nat(),
        fc.nat(),
        fc.constantFrom('remove', 'double', 'move'),
        (length, at, to, how) => {
          const lines = chainOf(length);
          const { writer, hash } = lines[length - 1]!;
          const [taken] = lines.splice(at % length, 1) as [AuditLine];
          if (how === 'double') lines.splice(at % length, 0, taken, taken);
          if (how === 'move') lines.splice(to % length, 0, taken);
          const isAsBefore = how === 'move' && at % length === to % length;
          const heads = [{ writer, hash, seq: length }];
          expect(check(lines, { heads }).isIntact).toBe(isAsBefore);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('does not see that the last line went where nobody knows the end', () => {
    expect(check(chainOf(5).slice(0, 4))).toMatchObject({ isIntact: true, openEnds: 1 });
  });

  it('holds without what was purged, and shows what was taken besides', () => {
    const lines = chainOf(9);
    const { writer, hash } = lines[3]!;
    const marks = [seal.markOf({ writer, hash, seq: 4, atMs: NOW_MS })];
    expect(check(lines.slice(4), { marks }).isIntact).toBe(true);
    // A purge that was interrupted, or runs at this moment.
    expect(check(lines.slice(2), { marks }).isIntact).toBe(true);
    expect(codes(check(lines.slice(5), { marks }))).toEqual(['missing']);
  });

  it('believes no mark of a purge that was made without the key', () => {
    const lines = chainOf(9);
    const { writer, hash } = lines[5]!;
    const forged = new Seal(Buffer.alloc(32, 2)).markOf({ writer, hash, seq: 6, atMs: NOW_MS });
    expect(codes(check(lines.slice(6), { marks: [forged] }))).toEqual(['mark-altered', 'missing']);
  });

  it('holds where a person was forgotten, with the mark of that very place', () => {
    const lines = chainOf(9);
    const forget = (line: AuditLine, at: number): AuditLine => ({
      ...line,
      who: line.who.map((_one, place): Who => ({ cut: seal.cutOf({ ...line, seq: at, place }) })),
    });
    expect(check(lines.map((line) => forget(line, line.seq)))).toMatchObject({
      isIntact: true,
      records: 9,
      forgotten: 6,
    });
    expect(codes(check(lines.map((line) => forget(line, 3))))).toContain('who-altered');
  });

  it('shows another key, and takes a former one', () => {
    const newer = new Seal(Buffer.alloc(32, 3));
    expect(codes(check(chainOf(2), {}, newer))).toEqual(['altered', 'altered']);
    const rotated = new Seal(Buffer.alloc(32, 3), [KEY]);
    expect(check([...chainOf(2), ...chainOf(2, rotated)], {}, rotated).isIntact).toBe(true);
  });

  it('names a hundred problems and counts the others', () => {
    const lines = chainOf(150).map((line) => ({ ...line, kind: 'erased' }));
    const found = check(lines);
    expect(found).toMatchObject({ isIntact: false, records: 0, problemCount: 150 });
    expect(codes(found)).toHaveLength(100);
  });
});
