import type { ResolvedTrackingOptions, TrackingStorage } from './tracking.options';
import type { DestinationSummary } from './tracking-status';

/** What a person wants to read once at the start: who gets events, where they wait, which policy is in force. */
export function startReport(
  summaries: readonly DestinationSummary[],
  { description, isDurable }: Pick<TrackingStorage, 'description' | 'isDurable'>,
  { consent, role }: Pick<ResolvedTrackingOptions, 'consent' | 'role'>,
): string[] {
  const enabled = summaries.filter(({ isEnabled }) => isEnabled);
  const disabled = summaries.filter(({ isEnabled }) => !isEnabled).map(({ name }) => name);
  const off = disabled.length === 0 ? '' : `; without credentials: ${disabled.join(', ')}`;
  const to = enabled.map(({ name, endpoint }) => `${name} → ${endpoint ?? '?'}`).join(', ');
  return [
    `tracking: ${to === '' ? 'no destination is enabled' : to}${off}; storage: ${description}${isDurable ? '' : ' (lost with the process)'}${role === 'both' ? '' : `; role: ${role}`}`,
    `tracking: consent that is unknown: ${consent.whenUnknown ?? 'withhold in the EEA, the UK and Switzerland (by consent.region), send elsewhere'}`,
  ];
}
