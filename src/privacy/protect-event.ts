import type { CompletedEvent } from '../events/completed-event';
import type { Consent } from '../events/consent';
import type { Problem } from '../events/problem';
import type { ProtectedEvent } from '../events/protected-event';
import type { RequestContext } from '../events/request-context';
import { cleanDetails, cleanProperties } from './free-text';
import { cleanPageUrl, type PageUrlOptions } from './page-url';
import { protectUserData, type ProtectUserDataOptions } from './protect-user-data';
import { publicIp } from './public-ip';

/**
 * The only maker of a `ProtectedEvent`: behind this call there is no raw user data. What had to be
 * left out is added to `problems`.
 */
export function protectEvent(
  event: CompletedEvent,
  context: RequestContext,
  consent: Consent,
  options: ProtectUserDataOptions & PageUrlOptions,
  problems: Problem[],
): ProtectedEvent {
  return {
    name: event.name,
    eventId: event.eventId,
    occurredAtMs: event.occurredAtMs,
    details: cleanDetails(event.details, problems),
    userData: protectUserData(event.user, options, problems, context.visitorId),
    context: protectContext(context, options),
    consent,
    properties: cleanProperties(event.properties, problems),
    isAutomatic: event.isAutomatic,
  } as ProtectedEvent;
}

function protectContext(context: RequestContext, options: PageUrlOptions): RequestContext {
  if (context.ip === undefined && context.url === undefined && context.referrer === undefined)
    return context;
  return {
    ...context,
    ip: context.ip === undefined ? undefined : publicIp(context.ip),
    url: context.url === undefined ? undefined : cleanPageUrl(context.url, options),
    referrer: context.referrer === undefined ? undefined : cleanPageUrl(context.referrer, options),
  };
}
