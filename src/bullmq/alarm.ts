import type { StorageTools } from '../outbox/storage';

const QUIET_MS = 60_000;

/** Says what is wrong with the server: each kind at most once a minute, never with a password. */
export class Alarm {
  private readonly toldAtMs = new Map<string, number>();

  constructor(
    private readonly logger: StorageTools['logger'],
    private readonly description: string,
  ) {}

  /** @param kind what counts as the same trouble. */
  error(kind: string, error: unknown): void {
    const nowMs = Date.now();
    if (nowMs - (this.toldAtMs.get(kind) ?? -Infinity) < QUIET_MS) return;
    this.toldAtMs.set(kind, nowMs);
    this.logger.error(`storage ${this.description}: ${kind}: ${reasonOf(error)}`);
  }

  warn(message: string): void {
    this.logger.warn(`storage ${this.description}: ${message}`);
  }
}

/** What a driver says of a failure, in one short line and without the credentials of any URL. */
export function reasonOf(error: unknown): string {
  const { name, message, code } = error as { name?: unknown; message?: unknown; code?: unknown };
  // What ioredis says of every command that was under way when the connection was lost.
  if (name === 'MaxRetriesPerRequestError') return 'the connection was lost';
  const text = [message, code].find((one) => typeof one === 'string' && one !== '');
  // What ioredis says of every command while it is not connected.
  if (typeof text === 'string' && text.startsWith("Stream isn't writeable")) return 'no connection';
  return (typeof text === 'string' ? text : 'unknown error')
    .replace(/\/\/[^/@\s]*@/g, '//')
    .split('\n', 1)
    .join('')
    .slice(0, 200);
}
