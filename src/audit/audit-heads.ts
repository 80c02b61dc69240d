import type { RecordStore } from '../records/record-store';
import type { AuditHead, HeadStore } from './audit-log';

const HEADS = 'audit-heads';

/** The ends of the log's chains in the records of a storage, so that lines missing at the end show. */
export class AuditHeads implements HeadStore {
  constructor(private readonly records: RecordStore) {}

  async save(head: AuditHead): Promise<void> {
    await this.records.put([
      {
        collection: HEADS,
        key: head.writer,
        value: JSON.stringify(head),
        // Under this name all of them are found again.
        subjects: [HEADS],
        expiresAtMs: Infinity,
      },
    ]);
  }

  async load(): Promise<readonly AuditHead[]> {
    const found = await this.records.findBySubjects([HEADS]);
    return found.map(({ value }) => JSON.parse(value) as AuditHead);
  }

  remove(writers: readonly string[]): Promise<void> {
    return this.records.remove(HEADS, writers);
  }
}

/** For who looks on: nothing is added or removed. */
export function toBeRead(heads: Pick<HeadStore, 'load'>): HeadStore {
  return { load: () => heads.load(), save: nothing, remove: nothing };
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
