import { mkdir, open, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const CHUNK_BYTES = 256 * 1024;
const DAY_MS = 24 * 3_600_000;
const NEW_LINE = 0x0a;

/** What one run of one process wrote on one day. Nobody else writes to it, except to forget. */
export interface DayFile {
  readonly path: string;
  readonly writer: string;
  readonly day: string;
  /** When its day is over; Unix milliseconds. */
  readonly endMs: number;
}

export interface FileLine {
  readonly bytes: Buffer;
  /** Where it begins in the file. */
  readonly offset: number;
  /** Without: the process died while it wrote it. */
  readonly isWhole: boolean;
}

/** The files of a log beside each other: `audit-2026-11-22.<writer>.jsonl`, and what was purged. */
export class JsonlFiles {
  private readonly folder: string;
  private readonly name: string;

  /** @param path what the files are named after: `./data/audit.jsonl`. */
  constructor(path: string) {
    this.folder = dirname(path);
    this.name = basename(path).replace(/\.jsonl$/, '');
  }

  /** @throws Error of the file system. */
  async makeFolder(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
  }

  pathOf(writer: string, nowMs: number): string {
    return join(this.folder, `${this.name}-${dayOf(nowMs)}.${writer}.jsonl`);
  }

  /** Chain by chain, the oldest first. */
  async days(): Promise<readonly DayFile[]> {
    const days = (await this.names()).flatMap((name) => {
      const rest = name.startsWith(`${this.name}-`) ? name.slice(this.name.length + 1) : '';
      const [, day, writer] = /^(\d{4}-\d\d-\d\d)\.([\w-]+)\.jsonl$/.exec(rest) ?? [];
      if (day === undefined || writer === undefined) return [];
      return [{ path: join(this.folder, name), writer, day, endMs: Date.parse(day) + DAY_MS }];
    });
    const order = ({ writer, day }: DayFile) => `${writer} ${day}`;
    return days.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  async marks(): Promise<readonly string[]> {
    const names = (await this.names()).filter(
      (name) => name.startsWith(`${this.name}.`) && name.endsWith('.mark'),
    );
    return Promise.all(names.map((name) => readFile(join(this.folder, name), 'utf8')));
  }

  async writeMark(writer: string, text: string): Promise<void> {
    const path = this.markPath(writer);
    await writeFile(`${path}.new`, text, { mode: 0o600, flush: true });
    await rename(`${path}.new`, path);
  }

  async removeMark(writer: string): Promise<void> {
    await unlink(this.markPath(writer)).catch(unlessGone);
  }

  private markPath(writer: string): string {
    return join(this.folder, `${this.name}.${writer}.mark`);
  }

  private async names(): Promise<readonly string[]> {
    return (await readdir(this.folder).catch(unlessGone)) ?? [];
  }
}

/** The lines of a file with their places, and what stands behind the last of them. */
export async function* linesOf(path: string): AsyncGenerator<FileLine> {
  const handle = await open(path, 'r').catch(unlessGone);
  // Another process has purged it.
  if (handle === undefined) return;
  try {
    let rest = Buffer.alloc(0);
    let offset = 0;
    for (;;) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, offset + rest.length);
      if (bytesRead === 0) break;
      const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = bytes.indexOf(NEW_LINE); end >= 0; end = bytes.indexOf(NEW_LINE, start)) {
        yield { bytes: bytes.subarray(start, end), offset: offset + start, isWhole: true };
        start = end + 1;
      }
      offset += start;
      rest = bytes.subarray(start);
    }
    if (rest.length > 0) yield { bytes: rest, offset, isWhole: false };
  } finally {
    await handle.close();
  }
}

export function dayOf(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(0, 10);
}

export function unlessGone(error: unknown): undefined {
  if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
  return undefined;
}
