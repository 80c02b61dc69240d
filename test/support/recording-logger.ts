import { inspect } from 'node:util';

import type { LoggerService } from '@nestjs/common';

/** Keeps every line, as deep as a log would ever show it. */
export class RecordingLogger implements LoggerService {
  readonly lines: string[] = [];

  log(...parts: unknown[]): void {
    this.record('log', parts);
  }

  warn(...parts: unknown[]): void {
    this.record('warn', parts);
  }

  error(...parts: unknown[]): void {
    this.record('error', parts);
  }

  of(level: string): string[] {
    return this.lines.filter((line) => line.startsWith(`${level} `));
  }

  private record(level: string, parts: unknown[]): void {
    this.lines.push(
      `${level} ${parts.map((part) => (typeof part === 'string' ? part : inspect(part, { depth: 10 }))).join(' ')}`,
    );
  }
}
