import type { ProtectedEvent } from '../events/protected-event';
import type { RequestContext } from '../events/request-context';
import type { ConsentDecision } from './consent-gate';

/**
 * The event as one destination gets it: with the consent that holds there, and without what a refused
 * storage held. Click IDs are storage for ads, our own visitor ID and the IDs of Google Analytics storage for
 * analytics.
 */
export function asDecided(
  event: ProtectedEvent,
  { consent, isCookieless }: Extract<ConsentDecision, { kind: 'send' }>,
): ProtectedEvent {
  const isVisitorRefused = isCookieless || consent.analyticsStorage === 'denied';
  const storageless = isCookieless
    ? cookielessContext(event.context)
    : consent.adStorage === 'denied'
      ? withoutClickIds(event.context)
      : event.context;
  const context =
    isVisitorRefused && event.context.visitorId !== undefined
      ? { ...storageless, visitorId: undefined, sessionId: undefined }
      : storageless;
  if (context === event.context && consent === event.consent) return event;
  const userData = isVisitorRefused ? { ...event.userData, visitorId: undefined } : event.userData;
  return { ...event, context, consent, userData };
}

/** Without cookies, click IDs and client ID: what the request itself says stays, such as page and IP. */
export function cookielessContext(context: RequestContext): RequestContext {
  return {
    ...withoutClickIds(context),
    gaClientId: undefined,
    gaSessions: undefined,
    visitorId: undefined,
    sessionId: undefined,
  };
}

function withoutClickIds(context: RequestContext): RequestContext {
  const { url, referrer } = context;
  return {
    ...context,
    clickIds: undefined,
    url: url === undefined ? undefined : withoutClickParameters(url),
    referrer: referrer === undefined ? undefined : withoutClickParameters(referrer),
  };
}

/** Query parameters in which ad platforms hand over a click or a client, in lower case. */
const CLICK_PARAMETERS = new Set(
  'fbclid ttclid gclid gbraid wbraid dclid gclsrc gad_source gad_campaignid srsltid _gl _ga msclkid sccid epik rdt_cid li_fat_id twclid yclid igshid'.split(
    ' ',
  ),
);

/** The same URL without what ad platforms hand over in it. */
export function withoutClickParameters(url: string): string {
  const at = url.indexOf('?');
  if (at < 0) return url;
  const kept = url
    .slice(at + 1)
    .split('&')
    .filter((pair) => !CLICK_PARAMETERS.has(nameOf(pair)));
  return kept.length === 0 ? url.slice(0, at) : `${url.slice(0, at)}?${kept.join('&')}`;
}

function nameOf(pair: string): string {
  const [name = ''] = pair.split('=', 1);
  try {
    return decodeURIComponent(name).toLowerCase();
  } catch {
    return name.toLowerCase();
  }
}
