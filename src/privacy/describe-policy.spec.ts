import type { ConsentPolicy } from './consent-gate';
import { describePolicy } from './describe-policy';

const DESTINATIONS = [{ name: 'meta' }, { name: 'ga4' }];
const START = 'consent that is unknown: ';

describe('describePolicy', () => {
  it.each<[string, ConsentPolicy, string]>([
    [
      'the default',
      {},
      'withhold in the EEA, the UK and Switzerland (by consent.region), send elsewhere',
    ],
    ['one rule for all', { whenUnknown: 'withhold' }, 'withhold'],
    [
      'regions of the host',
      { optInRegions: ['DE', 'CA-QC'], defaultRegion: 'DE' },
      'withhold in DE, CA-QC (by consent.region), send elsewhere; without a region, as in DE',
    ],
    [
      'many of them',
      { optInRegions: 'AT BE BG HR CY CZ DK EE FI FR'.split(' ') },
      'withhold in AT, BE, BG, HR, CY, CZ, DK, EE and 2 more (by consent.region), send elsewhere',
    ],
    [
      'none of them',
      { optInRegions: [] },
      'withhold in no region (by consent.region), send elsewhere',
    ],
    [
      'destinations that differ',
      {
        whenUnknown: 'withhold',
        destinations: {
          meta: { purposes: ['adUserData'], withoutStorage: 'cookieless' },
          ga4: { purposes: [], whenUnknown: 'send' },
        },
      },
      'withhold; meta needs adUserData, goes without cookies and click IDs where storage is refused; ga4 needs no consent, unknown: send',
    ],
    [
      'a destination that is not there',
      { whenUnknown: 'send', destinations: { tiktok: { purposes: [] } } },
      'send',
    ],
  ])('says %s', (_what, policy, line) => {
    expect(describePolicy(policy, DESTINATIONS)).toBe(START + line);
  });
});
