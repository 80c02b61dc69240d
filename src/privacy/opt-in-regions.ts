import { normalizeCountry } from './postal-address';

/**
 * Where the law wants consent before data is shared for ads: the EEA with what belongs to it overseas,
 * the UK and Switzerland. ISO 3166-1.
 */
export const OPT_IN_REGIONS: readonly string[] =
  'AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO AX GF GP MF MQ RE YT GB CH'.split(
    ' ',
  );

/**
 * Whether a region is one of the list, or holds or belongs to one: with `CA-QC` in it, `CA` is too, because
 * the person may be there. A region that nobody knows counts as one: a misspelling must not send.
 */
export function needsOptIn(region: string, optInRegions: readonly string[]): boolean {
  const { country, part } = partsOf(region);
  if (country === undefined) return true;
  const parts = byCountry(optInRegions).get(country);
  if (parts === undefined || parts === 'whole') return parts === 'whole';
  return part === undefined || parts.has(part);
}

type Parts = 'whole' | Set<string>;

/** Every event asks, and a host's list does not change. */
const compiled = new WeakMap<readonly string[], ReadonlyMap<string, Parts>>();

function byCountry(regions: readonly string[]): ReadonlyMap<string, Parts> {
  const known = compiled.get(regions);
  if (known !== undefined) return known;
  const made = new Map<string, Parts>();
  for (const { country, part } of regions.map(partsOf)) {
    const parts = made.get(country ?? '') ?? new Set<string>();
    if (country === undefined || parts === 'whole') continue;
    made.set(country, part === undefined ? 'whole' : parts.add(part));
  }
  compiled.set(regions, made);
  return made;
}

/** `US-CA` → `US`, `germany` → `DE`. `undefined` for what is no country. */
export function countryOf(region: string): string | undefined {
  return partsOf(region).country;
}

function partsOf(region: string): { country: string | undefined; part: string | undefined } {
  const [country = '', part] = region.length <= 6 ? region.split('-', 2) : [region];
  return { country: normalizeCountry(country)?.toUpperCase(), part: part?.toUpperCase() };
}
