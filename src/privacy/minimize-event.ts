import { withoutClickParameters } from './cookieless';
import type { ProtectedEvent, ProtectedUserData } from '../events/protected-event';
import type { JsonObject } from '../events/properties';
import type { RequestContext } from '../events/request-context';
import type { MinimizationRules } from './minimization.options';
import { anonymizeIp } from './public-ip';

/** The event with no more than one destination may get. The same object where that is all of it. Pure. */
export function minimizeEvent(event: ProtectedEvent, rules: MinimizationRules): ProtectedEvent {
  const userData = minimizeUserData(event.userData, rules);
  const context = minimizeContext(event.context, rules);
  const properties = minimizeProperties(event.properties, rules);
  const isSame =
    userData === event.userData && context === event.context && properties === event.properties;
  return isSame ? event : { ...event, userData, context, properties };
}

function minimizeUserData(
  userData: ProtectedUserData,
  { userData: kept }: MinimizationRules,
): ProtectedUserData {
  return kept === undefined ? userData : pick(userData, kept);
}

function minimizeProperties(
  properties: JsonObject | undefined,
  { properties: kept }: MinimizationRules,
): JsonObject | undefined {
  if (properties === undefined || kept === undefined) return properties;
  const picked = pick(properties, kept);
  return Object.keys(picked).length === 0 ? undefined : picked;
}

/** The object itself where nothing of it is left out. */
function pick<Value extends object>(value: Value, kept: ReadonlySet<string>): Value {
  const entries = Object.entries(value);
  const left = entries.filter(([key]) => kept.has(key));
  return left.length === entries.length ? value : (Object.fromEntries(left) as Value);
}

function minimizeContext(context: RequestContext, rules: MinimizationRules): RequestContext {
  const changed: RequestContext = { ...context };
  if (rules.ip !== undefined && context.ip !== undefined) {
    changed.ip = rules.ip === 'none' ? undefined : anonymizeIp(context.ip);
  }
  if (rules.userAgent === false) changed.userAgent = undefined;
  if (rules.clickIds === false) {
    changed.clickIds = undefined;
    if (context.url !== undefined) changed.url = withoutClickParameters(context.url);
    if (context.referrer !== undefined) changed.referrer = withoutClickParameters(context.referrer);
  }
  if (rules.url !== undefined) {
    changed.url = shortUrl(changed.url, rules.url);
    changed.referrer = shortUrl(changed.referrer, rules.url);
  }
  const keys = Object.keys(changed) as (keyof RequestContext)[];
  return keys.every((key) => changed[key] === context[key]) ? context : changed;
}

/** @param url was cleaned, so it is one and has no fragment. */
function shortUrl(url: string | undefined, part: 'path' | 'origin' | 'none'): string | undefined {
  if (url === undefined || part === 'none') return undefined;
  if (part === 'origin') return `${new URL(url).origin}/`;
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}
