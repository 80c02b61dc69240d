/** What tells an entry from every other one. */
export interface IdempotencyParts {
  readonly destination: string;
  /** The event's name, with what makes it another event at a platform: `purchase`, `subscription:trial`. */
  readonly event: string;
  readonly eventId: string;
  readonly tenantId: string | undefined;
}

/**
 * What makes us enqueue once. The platforms deduplicate by name and ID, so the name is a part here too: a
 * checkout and a purchase that share an ID are two events.
 */
export function idempotencyKey({
  destination,
  event,
  eventId,
  tenantId,
}: IdempotencyParts): string {
  const key = `${destination}|${escape(event)}|${escape(eventId)}`;
  return tenantId === undefined ? key : `${key}|${escape(tenantId)}`;
}

/** After escaping, no part holds the character that joins them. */
function escape(part: string): string {
  return part.includes('|') || part.includes('\\') ? part.replace(/[|\\]/g, '\\$&') : part;
}
