import type { ConsentNeeds, ConsentPolicy } from './consent-gate';

/** Most regions that are named one by one. */
const MAX_NAMED = 8;

/** The consent policy in one line, for the log of the start: the common rule, then who differs from it. */
export function describePolicy(
  policy: ConsentPolicy,
  destinations: readonly Pick<ConsentNeeds, 'name'>[],
): string {
  const exceptions = destinations.flatMap(({ name }) => {
    const { purposes, whenUnknown, withoutStorage } = policy.destinations?.[name] ?? {};
    const parts = [
      purposes && `needs ${purposes.length === 0 ? 'no consent' : purposes.join(', ')}`,
      whenUnknown && `unknown: ${whenUnknown}`,
      withoutStorage === 'cookieless' &&
        'goes without cookies and click IDs where storage is refused',
    ].filter((part) => typeof part === 'string');
    return parts.length === 0 ? [] : [`${name} ${parts.join(', ')}`];
  });
  return [`consent that is unknown: ${commonRule(policy)}`, ...exceptions].join('; ');
}

function commonRule({ whenUnknown, optInRegions, defaultRegion }: ConsentPolicy): string {
  if (whenUnknown !== undefined) return whenUnknown;
  const noRegion = defaultRegion === undefined ? '' : `; without a region, as in ${defaultRegion}`;
  return `withhold in ${regions(optInRegions)} (by consent.region), send elsewhere${noRegion}`;
}

function regions(optInRegions: readonly string[] | undefined): string {
  if (optInRegions === undefined) return 'the EEA, the UK and Switzerland';
  if (optInRegions.length === 0) return 'no region';
  const named = optInRegions.slice(0, MAX_NAMED).join(', ');
  const more = optInRegions.length - MAX_NAMED;
  return more > 0 ? `${named} and ${more} more` : named;
}
