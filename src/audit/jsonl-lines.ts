import { open, unlink, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { Clock } from '../clock';
import type { AuditLine, PurgeMark, WhoPlace } from './audit-line';
import { cutIn, jsonOf, lineIn } from './jsonl-line';
import { dayOf, JsonlFiles, linesOf, unlessGone, type DayFile } from './jsonl-files';
import type { ChainEnd, LineStore, StoreQuery, UnreadableLine } from './line-store';
import { isLine } from './stored-line';

interface OpenFile {
  readonly handle: FileHandle;
  readonly path: string;
  /** Up to where it is whole: what a write that failed has left behind that is cut off. */
  size: number;
}

/**
 * Lines of JSON in a file per day and process, so that no two processes ever write to one. Looking something
 * up reads all of them: for small applications.
 */
export class JsonlLines implements LineStore {
  readonly description: string;
  private readonly files: JsonlFiles;
  private current: OpenFile | undefined;

  constructor(
    path: string,
    private readonly clock: Clock,
  ) {
    this.description = `jsonl:${resolve(path)}`;
    this.files = new JsonlFiles(resolve(path));
  }

  makeFolder(): Promise<void> {
    return this.files.makeFolder();
  }

  async append(lines: readonly AuditLine[]): Promise<void> {
    const [first] = lines;
    if (first === undefined) return;
    const file = await this.fileFor(first.writer);
    const bytes = Buffer.from(lines.map((line) => `${jsonOf(line)}\n`).join(''));
    try {
      await file.handle.truncate(file.size);
      await file.handle.appendFile(bytes);
      await file.handle.datasync();
      file.size += bytes.length;
    } catch (error) {
      await file.handle.truncate(file.size).catch(() => undefined);
      throw error;
    }
  }

  async find(query: StoreQuery): Promise<readonly AuditLine[]> {
    const { sinceMs = -Infinity, limit } = query;
    const found: AuditLine[] = [];
    for (const file of await this.files.days()) {
      if (file.endMs <= sinceMs) continue;
      for await (const line of this.linesIn(file)) {
        if (isLine(line) && isAsked(line, query)) found.push(line);
      }
    }
    return found.sort(byTime).slice(0, limit);
  }

  async *read(): AsyncGenerator<AuditLine | UnreadableLine> {
    for (const file of await this.files.days()) yield* this.linesIn(file);
  }

  async cut(subjects: readonly string[], markOf: (place: WhoPlace) => string): Promise<number> {
    const wanted = new Set(subjects);
    let count = 0;
    for (const file of await this.files.days()) count += await this.cutIn(file, wanted, markOf);
    return count;
  }

  async ends(): Promise<readonly ChainEnd[]> {
    const ends = new Map<string, ChainEnd>();
    for (const file of (await this.files.days()).toReversed()) {
      if (ends.has(file.writer)) continue;
      for await (const line of this.linesIn(file)) {
        if (isLine(line)) ends.set(file.writer, { ...line });
      }
    }
    return [...ends.values()].map(({ writer, seq, hash, atMs }) => ({ writer, seq, hash, atMs }));
  }

  async marks(): Promise<readonly PurgeMark[]> {
    return (await this.files.marks()).map((text) => {
      try {
        return JSON.parse(text) as PurgeMark;
      } catch {
        return { writer: '', seq: 0, hash: '', atMs: 0, mac: '' };
      }
    });
  }

  async purge(
    beforeMs: number,
    markOf: (end: Omit<ChainEnd, 'atMs'>) => PurgeMark,
  ): Promise<number> {
    const today = dayOf(this.clock.now());
    const old = (await this.files.days()).filter(
      ({ endMs, day }) => endMs <= beforeMs && day < today,
    );
    let removed = 0;
    for (const file of old) {
      let last: AuditLine | undefined;
      for await (const line of this.linesIn(file)) {
        if (!isLine(line)) continue;
        last = line;
        removed += 1;
      }
      if (last !== undefined) {
        const mark = markOf({ writer: file.writer, seq: last.seq, hash: last.hash });
        await this.files.writeMark(file.writer, JSON.stringify(mark));
      }
      if (this.current?.path === file.path) await this.letGo();
      await unlink(file.path).catch(unlessGone);
    }
    return removed;
  }

  async removeMarks(writers: readonly string[]): Promise<void> {
    for (const writer of writers) await this.files.removeMark(writer);
  }

  async close(): Promise<void> {
    await this.letGo();
  }

  private async fileFor(writer: string): Promise<OpenFile> {
    const path = this.files.pathOf(writer, this.clock.now());
    if (this.current?.path === path) return this.current;
    await this.letGo();
    await this.files.makeFolder();
    const handle = await open(path, 'a', 0o600);
    this.current = { handle, path, size: (await handle.stat()).size };
    return this.current;
  }

  private async letGo(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    await current?.handle.close();
  }

  private async *linesIn({ path, writer }: DayFile): AsyncGenerator<AuditLine | UnreadableLine> {
    for await (const { bytes, isWhole } of linesOf(path)) {
      // Nobody was told that it is durable: it is being written, or its process died over it.
      if (isWhole) yield lineIn(bytes, writer);
    }
  }

  /** In place, and no byte longer or shorter, so that its process may go on adding to the file meanwhile. */
  private async cutIn(
    { path, writer }: DayFile,
    wanted: ReadonlySet<string>,
    markOf: (place: WhoPlace) => string,
  ): Promise<number> {
    let count = 0;
    let handle: FileHandle | undefined;
    try {
      for await (const { bytes, offset } of linesOf(path)) {
        const line = lineIn(bytes, writer);
        if (!isLine(line)) continue;
        const cuts = line.who.flatMap((who, place) => {
          if ('cut' in who || !wanted.has(who.subject)) return [];
          return cutIn(bytes, who, markOf({ writer: line.writer, seq: line.seq, place })) ?? [];
        });
        if (cuts.length === 0) continue;
        handle ??= await open(path, 'r+');
        for (const cut of cuts) await handle.write(cut.bytes, 0, cut.bytes.length, offset + cut.at);
        count += 1;
      }
      await handle?.datasync();
    } finally {
      await handle?.close();
    }
    return count;
  }
}

function isAsked(line: AuditLine, { subjects, eventId, kinds, sinceMs, untilMs }: StoreQuery) {
  return (
    kinds.includes(line.kind) &&
    (eventId === undefined || line.eventId === eventId) &&
    line.atMs >= (sinceMs ?? -Infinity) &&
    line.atMs < (untilMs ?? Infinity) &&
    (subjects === undefined ||
      line.who.some((who) => 'subject' in who && subjects.includes(who.subject)))
  );
}

function byTime(a: AuditLine, b: AuditLine): number {
  return a.atMs - b.atMs || (a.writer < b.writer ? -1 : a.writer > b.writer ? 1 : a.seq - b.seq);
}
