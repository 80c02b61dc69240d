import { describePolicy } from './privacy/describe-policy';
import type { ResolvedTrackingOptions, TrackingStorage } from './tracking.options';
import type { DestinationSummary } from './tracking-status';

/** What a person wants to read once at the start: who gets events, where they wait, which policy is in force. */
export function startReport(
  summaries: readonly DestinationSummary[],
  { description, isDurable }: Pick<TrackingStorage, 'description' | 'isDurable'>,
  options: Pick<
    ResolvedTrackingOptions,
    'consent' | 'role' | 'visitor' | 'captureRequests' | 'resolveConsent'
  >,
  auditLog: string | undefined,
): string[] {
  const { consent, role } = options;
  const enabled = summaries.filter(({ isEnabled }) => isEnabled);
  const disabled = summaries.filter(({ isEnabled }) => !isEnabled).map(({ name }) => name);
  const off = disabled.length === 0 ? '' : `; without credentials: ${disabled.join(', ')}`;
  const to = enabled.map(({ name, endpoint }) => `${name} → ${endpoint ?? '?'}`).join(', ');
  return [
    `tracking: ${to === '' ? 'no destination is enabled' : to}${off}; storage: ${description}${isDurable ? '' : ' (lost with the process)'}${role === 'both' ? '' : `; role: ${role}`}${auditLog === undefined ? '' : `; audit log: ${auditLog}`}`,
    `tracking: ${describePolicy(consent, enabled)}`,
    ...describeVisitors(options),
  ];
}

function describeVisitors({
  visitor,
  captureRequests,
  resolveConsent,
}: Pick<ResolvedTrackingOptions, 'visitor' | 'captureRequests' | 'resolveConsent'>): string[] {
  if (visitor === undefined) return [];
  const { cookieName, sessionCookieName, platformCookies } = visitor;
  const others = platformCookies ? ['_fbc', '_fbp', 'ttclid'] : [];
  const isAutomatic = captureRequests === true && resolveConsent === undefined;
  return [
    `tracking: cookies ${[cookieName, sessionCookieName, ...others].join(', ')}: with consent, ${isAutomatic ? 'on every captured request' : 'where identifyVisitor is called'}`,
  ];
}
