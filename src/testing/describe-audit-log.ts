import assert from 'node:assert/strict';

import type { AuditHead, AuditLog, AuditProblem, HeadStore } from '../audit/audit-log';
import type { AuditFact } from '../audit/audit-record';
import { FakeClock } from './fake-clock';
import { testRunner } from './test-runner';

/** A line as somebody finds it who opens the storage by other means. */
export interface RawAuditLine {
  readonly writer: string;
  readonly seq: number;
  readonly atMs: number;
  readonly kind: string;
  readonly eventId: string;
  readonly details: string;
  readonly commitments: readonly string[];
  readonly prev: string;
  readonly hash: string;
  /** `[subject, nonce]`, or `[null, mark]` where it was forgotten. */
  readonly who: readonly (readonly [string | null, string])[];
}

/** One member of the contract, on a storage made anew for each test. */
export interface AuditLogSubject {
  create(clock: FakeClock, heads?: HeadStore): Promise<AuditLog>;
  /** Another log on the storage that `create` made last, as another process has it. */
  another(clock: FakeClock, heads?: HeadStore): Promise<AuditLog>;
  /** Replaces all lines of that storage behind the log's back. */
  rewrite(change: (lines: readonly RawAuditLine[]) => readonly RawAuditLine[]): Promise<void>;
}

/** The contract of an audit log as tests: what every member has to keep, whatever it stands on. */
export function describeAuditLog(name: string, subject: AuditLogSubject): void {
  const { describe, it } = testRunner();
  describe(`audit log contract: ${name}`, () => {
    const rule = (
      title: string,
      body: (log: AuditLog, clock: FakeClock, heads: MemoryHeads) => Promise<void>,
      withHeads = false,
    ) => {
      it(title, async () => {
        const clock = new FakeClock();
        const heads = new MemoryHeads();
        const log = await subject.create(clock, withHeads ? heads : undefined);
        try {
          await body(log, clock, heads);
        } finally {
          await log.close();
        }
      });
    };

    rule('gives back what was recorded, oldest first', async (log, clock) => {
      const first = fact({ atMs: clock.now() - 5_000 });
      const second: AuditFact = {
        kind: 'withheld',
        atMs: clock.now() - 9_000,
        subjects: [ANNA, SHOP],
        destination: 'tiktok',
        eventName: 'lead',
        eventId: 'lead:ä€👋',
        reason: 'consent denied for adStorage',
        consent: { denied: ['adStorage'], granted: [], gpc: true, region: 'US-CA', capturedAt: 0 },
        fields: ['email', 'ip'],
        attempts: 0,
        platformCode: '100/2804003',
        traceId: 'AbC-1',
        counts: { entries: 2 },
      };
      log.record(first);
      log.record(second);
      const found = await log.query({});
      assert.deepEqual(
        found,
        [second, first].map((one, index) => ({
          ...one,
          writer: found[index]?.writer,
          seq: [3, 2][index],
        })),
      );
    });

    rule('finds by person, event, kind and time', async (log, clock) => {
      const now = clock.now();
      log.record(fact({ atMs: now - 30, eventId: 'a', kind: 'accepted' }));
      log.record(fact({ atMs: now - 20, eventId: 'b', subjects: [BERT] }));
      log.record(fact({ atMs: now - 10, eventId: 'c', subjects: [BERT, SHOP] }));
      const ids = async (query: Parameters<AuditLog['query']>[0]) =>
        (await log.query(query)).map(({ eventId }) => eventId);
      assert.deepEqual(await ids({ subjects: [BERT] }), ['b', 'c']);
      assert.deepEqual(await ids({ subjects: [ANNA, SHOP] }), ['a', 'c']);
      assert.deepEqual(await ids({ eventId: 'b' }), ['b']);
      assert.deepEqual(await ids({ kinds: ['accepted'] }), ['a']);
      assert.deepEqual(await ids({ sinceMs: now - 20, untilMs: now - 10 }), ['b']);
      assert.deepEqual(await ids({ limit: 2 }), ['a', 'b']);
      assert.deepEqual(await ids({ limit: Infinity }), ['a', 'b', 'c']);
      assert.deepEqual(await ids({ subjects: ['nobody-at-all-here'] }), []);
    });

    rule('writes within about 100 ms of its own accord', async (log, clock) => {
      log.record(fact());
      await clock.advance(100);
      const other = await subject.another(clock);
      await eventually(async () => (await other.query({})).length === 1);
      await other.close();
    });

    rule('keeps the chain through many groups and two writers at once', async (log, clock) => {
      const other = await subject.another(clock);
      for (let index = 0; index < 700; index += 1) {
        log.record(fact({ eventId: `a${index}` }));
        other.record(fact({ eventId: `b${index}` }));
      }
      await Promise.all([log.flush(), other.flush()]);
      const all = await log.query({ limit: Infinity });
      assert.equal(new Set(all.map(({ eventId }) => eventId)).size, 1_400);
      // Each chain says besides that it was opened.
      assertIntact(await log.verify(), { records: 1_402, forgotten: 0, openEnds: 2 });
      await other.close();
      assertIntact(await log.verify(), { records: 1_403, forgotten: 0, openEnds: 1 });
    });

    rule('says nothing of itself where nothing was recorded', async (log, clock) => {
      await (await subject.another(clock)).close();
      assertIntact(await log.verify(), { records: 0, forgotten: 0, openEnds: 0 });
    });

    rule('forgets a person and keeps the lines, for all processes', async (log, clock) => {
      const other = await subject.another(clock);
      log.record(fact({ subjects: [ANNA, SHOP] }));
      log.record(fact({ subjects: [BERT] }));
      other.record(fact({ subjects: [ANNA] }));
      await other.flush();
      assert.equal(await log.forget([ANNA]), 2);
      assert.equal(await log.forget([ANNA]), 0);
      assert.deepEqual(await other.query({ subjects: [ANNA] }), []);
      const left = (await other.query({})).map(({ subjects }) => subjects.join());
      assert.deepEqual(left.sort(), ['', SHOP, BERT].sort());
      log.record(fact({ eventId: 'after' }));
      await other.close();
      assertIntact(await log.verify(), { records: 7, forgotten: 2, openEnds: 1 });
    });

    rule('leaves nothing of a forgotten person in the storage', async (log) => {
      log.record(fact({ subjects: [ANNA] }));
      await log.forget([ANNA]);
      await subject.rewrite((lines) => {
        assert.equal(JSON.stringify(lines).includes(ANNA), false);
        return lines;
      });
    });

    rule(
      'purges the beginnings of chains, and they still hold',
      async (log, clock) => {
        const other = await subject.another(clock);
        for (const one of [log, other]) {
          one.record(fact({ atMs: clock.now(), eventId: 'old' }));
          await one.flush();
        }
        await other.close();
        await clock.advance(10 * DAY_MS);
        log.record(fact({ atMs: clock.now(), eventId: 'new' }));
        await log.flush();
        assert.ok((await log.purgeBefore(clock.now() - 5 * DAY_MS)) >= 5);
        assert.deepEqual(
          (await log.query({})).map(({ eventId }) => eventId),
          ['new'],
        );
        const { records } = await log.verify();
        assertIntact(await log.verify(), { records, forgotten: 0, openEnds: 1 });
        await clock.advance(30 * DAY_MS);
        log.record(fact({ atMs: clock.now(), eventId: 'newest' }));
        await log.purgeBefore(clock.now() - 5 * DAY_MS);
        assert.equal((await log.query({})).length, 1);
        assert.equal((await log.verify()).isIntact, true);
      },
      true,
    );

    rule('removes what is older than its retention once a day', async (log, clock) => {
      log.record(fact({ atMs: clock.now() }));
      await log.flush();
      for (let day = 0; day < 397; day += 1) await clock.advance(DAY_MS);
      await eventually(async () => (await log.query({})).length === 0);
      assert.equal((await log.verify()).isIntact, true);
    });

    describe('shows', () => {
      const tampering = (
        title: string,
        change: (lines: RawAuditLine[]) => readonly RawAuditLine[],
        code: AuditProblem['code'],
      ) => {
        rule(title, async (log, clock) => {
          await fill(log, clock);
          await subject.rewrite((lines) => change(lines.map((line) => ({ ...line }))));
          assertShown(await log.verify(), code);
        });
      };
      const edit = (lines: RawAuditLine[], seq: number, change: Partial<RawAuditLine>) =>
        lines.map((line) => (line.seq === seq ? { ...line, ...change } : line));

      tampering(
        'that a line was taken out',
        (lines) => lines.filter(({ seq }) => seq !== 4),
        'missing',
      );
      tampering(
        'that the beginning was taken out',
        (lines) => lines.filter(({ seq }) => seq > 2),
        'missing',
      );
      tampering(
        'that two lines changed places',
        (lines) =>
          lines.map((line) =>
            line.seq === 3 ? { ...line, seq: 4 } : line.seq === 4 ? { ...line, seq: 3 } : line,
          ),
        'altered',
      );
      tampering(
        'that a line was put in',
        (lines) => {
          const last = lines[lines.length - 1] as RawAuditLine;
          return [...lines, { ...last, seq: last.seq + 1, prev: last.hash }];
        },
        'altered',
      );
      tampering(
        'that a reason was changed',
        (lines) => edit(lines, 3, { details: JSON.stringify({ reason: 'another' }) }),
        'altered',
      );
      tampering('that a time was changed', (lines) => edit(lines, 3, { atMs: 12 }), 'altered');
      tampering(
        'that an event ID was changed',
        (lines) => edit(lines, 3, { eventId: 'other' }),
        'altered',
      );
      tampering(
        'that an outcome was changed',
        (lines) => edit(lines, 3, { kind: 'delivered' }),
        'altered',
      );
      tampering(
        'that a line is said to be about somebody else',
        (lines) =>
          lines.map((line) =>
            line.seq === 3
              ? { ...line, who: line.who.map(([, nonce]) => [BERT, nonce] as const) }
              : line,
          ),
        'who-altered',
      );
      tampering(
        'that somebody was cut by other means than forget',
        (lines) =>
          lines.map((line) =>
            line.seq === 3
              ? { ...line, who: line.who.map(([, nonce]) => [null, nonce] as const) }
              : line,
          ),
        'who-altered',
      );
      tampering(
        'that who it is about was taken away',
        (lines) => edit(lines, 3, { who: [] }),
        'who-altered',
      );

      rule('that an end was cut off, once a later process has seen it', async (log, clock) => {
        await fill(log, clock);
        const other = await subject.another(clock);
        other.record(fact());
        await other.flush();
        const { writer } = (await log.query({ eventId: 'e1' }))[0] as { writer: string };
        await subject.rewrite((lines) =>
          lines.filter((line) => line.writer !== writer || line.seq < 5),
        );
        assertShown(await log.verify(), 'cut-short');
        await subject.rewrite((lines) => lines.filter((line) => line.writer !== writer));
        assertShown(await log.verify(), 'cut-short');
        await other.close();
      });

      rule(
        'that an end was cut off, or a chain removed, where ends are kept elsewhere',
        async (log, clock, heads) => {
          await fill(log, clock);
          assert.equal((await log.verify()).isIntact, true);
          assert.equal(heads.all.size, 1);
          await subject.rewrite((lines) => lines.slice(0, -1));
          assertShown(await log.verify(), 'cut-short');
          await subject.rewrite(() => []);
          assertShown(await log.verify(), 'cut-short');
        },
        true,
      );
    });

    rule(
      'never throws where a fact is recorded, and takes none once closed',
      async (log, clock) => {
        log.record(fact({ atMs: Number.NaN, subjects: [] }));
        log.record(fact({ atMs: Infinity, reason: '\u0000\ud800' }));
        await log.flush();
        assert.deepEqual(
          (await log.query({})).map(({ atMs }) => atMs),
          [clock.now(), clock.now()],
        );
        await log.close();
        log.record(fact());
        await log.close();
      },
    );
  });
}

const DAY_MS = 24 * 3_600_000;
const ANNA = 'anna-0123456789abcdefgh';
const BERT = 'bert-0123456789abcdefgh';
const SHOP = 'shop-0123456789abcdefgh';

function fact(change: Partial<AuditFact> = {}): AuditFact {
  return {
    kind: 'delivered',
    atMs: Date.UTC(2026, 0, 15, 9),
    subjects: [ANNA],
    destination: 'meta',
    eventName: 'purchase',
    eventId: 'purchase:10045',
    ...change,
  };
}

/** Lines 2 to 7 of a chain; the first says that it was opened. */
async function fill(log: AuditLog, clock: FakeClock): Promise<void> {
  for (const index of [1, 2, 3, 4, 5, 6])
    log.record(
      fact({ kind: 'rejected', atMs: clock.now(), eventId: `e${index}`, reason: 'too old' }),
    );
  await log.flush();
}

type Verification = Awaited<ReturnType<AuditLog['verify']>>;

function assertIntact(found: Verification, extent: object): void {
  assert.deepEqual(found, { isIntact: true, ...extent });
}

function assertShown(found: Verification, code: AuditProblem['code']): void {
  const codes = found.isIntact ? [] : found.problems.map((problem) => problem.code);
  assert.ok(codes.includes(code), `expected ${code}, got ${JSON.stringify(found)}`);
}

/** Disks and servers take their time, whatever the clock says. */
async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail('did not happen within two seconds');
}

class MemoryHeads implements HeadStore {
  readonly all = new Map<string, AuditHead>();

  save(head: AuditHead): Promise<void> {
    this.all.set(head.writer, head);
    return Promise.resolve();
  }

  load(): Promise<readonly AuditHead[]> {
    return Promise.resolve([...this.all.values()]);
  }

  remove(writers: readonly string[]): Promise<void> {
    for (const writer of writers) this.all.delete(writer);
    return Promise.resolve();
  }
}
