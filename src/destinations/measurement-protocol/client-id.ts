import { hash } from 'node:crypto';

import type { Problem } from '../../events/problem';
import type { ProtectedEvent } from '../../events/protected-event';

export type WhenClientIdMissing = 'derive' | 'skip';

/**
 * The client ID of an event: the browser's, else one derived from the person, so that the same person
 * is always the same client, else (and without consent to analytics) from the event. A derived one is noted: GA4 will show its traffic
 * source as "(not set)".
 *
 * @returns `undefined` where the policy is to skip such events.
 */
export function chooseClientId(
  event: ProtectedEvent,
  whenMissing: WhenClientIdMissing,
  notes: Problem[],
): string | undefined {
  const fromBrowser = event.context.gaClientId;
  if (fromBrowser !== undefined) return fromBrowser;
  if (whenMissing === 'skip') return undefined;
  const { visitorId, externalId, emailGoogle, phoneE164 } = event.userData;
  // One that follows the person would be the storage that was refused, by another way.
  const isRefused = event.consent.analyticsStorage === 'denied';
  // A client is a browser, so the visitor comes before the user, who may have several.
  const person = isRefused ? undefined : (visitorId ?? externalId ?? emailGoogle ?? phoneE164);
  notes.push({
    field: 'context.gaClientId',
    code: 'changed',
    message: `no browser client ID; one was derived from the ${person === undefined ? 'event ID' : 'user'}`,
  });
  return clientIdFrom(person ?? event.eventId);
}

/** `<positive int32>.<a time in seconds>`, as the browser makes them, but always the same for one text. */
function clientIdFrom(text: string): string {
  const digest = hash('sha256', text, 'buffer');
  const random = digest.readUInt32BE(0) & 0x7fff_ffff || 1;
  const seconds = FIRST_SECOND + (digest.readUInt32BE(4) % SECONDS_RANGE);
  return `${random}.${seconds}`;
}

/** September 2017 and about six years on: plausible times, none in the future. */
const FIRST_SECOND = 1_505_000_000;
const SECONDS_RANGE = 200_000_000;
