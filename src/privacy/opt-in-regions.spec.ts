import { countryOf, needsOptIn, OPT_IN_REGIONS } from './opt-in-regions';

describe('needsOptIn', () => {
  it.each<[string, readonly string[], boolean]>([
    ['DE', OPT_IN_REGIONS, true],
    ['DE-BY', OPT_IN_REGIONS, true],
    ['de', OPT_IN_REGIONS, true],
    ['Germany', OPT_IN_REGIONS, true],
    ['UK', OPT_IN_REGIONS, true],
    ['NO', OPT_IN_REGIONS, true],
    ['GP', OPT_IN_REGIONS, true],
    ['US', OPT_IN_REGIONS, false],
    ['US-CA', OPT_IN_REGIONS, false],
    ['TR', OPT_IN_REGIONS, false],
    ['EU', OPT_IN_REGIONS, true],
    ['', OPT_IN_REGIONS, true],
    ['US-CALIFORNIA', OPT_IN_REGIONS, true],
    ['CA-QC', ['CA-QC', 'CA-BC'], true],
    ['ca-bc', ['CA-QC', 'CA-BC'], true],
    ['CA-ON', ['CA-QC', 'CA-BC'], false],
    ['CA', ['CA-QC'], true],
    ['CA-ON', ['CA-QC', 'CA'], true],
    ['CA-ON', ['CA', 'CA-QC'], true],
    ['DE', [], false],
  ])('%s, with %j: %s', (region, list, expected) => {
    expect(needsOptIn(region, list)).toBe(expected);
  });

  it('names every country of the EEA, the UK and Switzerland', () => {
    expect(new Set(OPT_IN_REGIONS.map(countryOf)).size).toBe(OPT_IN_REGIONS.length);
    expect(OPT_IN_REGIONS.length - 'AX GF GP MF MQ RE YT'.split(' ').length).toBe(27 + 3 + 2);
  });
});
