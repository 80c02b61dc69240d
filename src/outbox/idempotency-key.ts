/**
 * What makes us enqueue once: event ID and destination, and the tenant where there is one. The parts
 * are joined by a character that no part can hold after escaping.
 */
export function idempotencyKey(
  destination: string,
  eventId: string,
  tenantId: string | undefined,
): string {
  const key = `${destination}|${escape(eventId)}`;
  return tenantId === undefined ? key : `${key}|${escape(tenantId)}`;
}

function escape(part: string): string {
  return part.includes('|') || part.includes('\\') ? part.replace(/[|\\]/g, '\\$&') : part;
}
