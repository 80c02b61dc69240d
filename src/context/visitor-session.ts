/** A visit's session, as its cookie holds it. */
export interface VisitorSession {
  /** When it began, in Unix seconds, as GA4 counts sessions. */
  readonly id: string;
  readonly lastSeenMs: number;
}

const MAX_REFRESH_MS = 60_000;

/**
 * The session in a cookie `<began>.<last seen>`, both in Unix seconds, while it is alive. Servers whose clocks
 * differ take turns with a visitor, so a sign of life that is still to come is believed within the idle time.
 */
export function readSession(
  cookie: string | undefined,
  idleMs: number,
  nowMs: number,
): VisitorSession | undefined {
  const [, id = '', lastSeen = ''] = /^([1-9]\d{9})\.([1-9]\d{9})$/.exec(cookie ?? '') ?? [];
  if (id === '' || Number(id) > Number(lastSeen)) return undefined;
  const lastSeenMs = Number(lastSeen) * 1_000;
  return Math.abs(nowMs - lastSeenMs) < idleMs ? { id, lastSeenMs } : undefined;
}

export function newSession(nowMs: number): VisitorSession {
  return { id: inSeconds(nowMs), lastSeenMs: nowMs };
}

/** Whether its cookie is to be written again: after a minute, and not with every answer. */
export function isStale({ lastSeenMs }: VisitorSession, idleMs: number, nowMs: number): boolean {
  return nowMs - lastSeenMs >= Math.min(MAX_REFRESH_MS, idleMs / 10);
}

/** Its cookie after a sign of life; that of a server whose clock is ahead stays. */
export function sessionCookie({ id, lastSeenMs }: VisitorSession, nowMs: number): string {
  return `${id}.${inSeconds(Math.max(nowMs, lastSeenMs))}`;
}

function inSeconds(ms: number): string {
  return String(Math.floor(ms / 1_000));
}
