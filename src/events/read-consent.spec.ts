import { needsOptIn, OPT_IN_REGIONS } from '../privacy/opt-in-regions';
import { CONSENT_PURPOSES } from './consent';
import { FieldReader } from './field-reader';
import type { Problem } from './problem';
import { readConsent } from './read-consent';

const THROWS = {
  enumerable: true,
  get: () => {
    throw new Error('not now');
  },
};

function consentOf(event: object) {
  const problems: Problem[] = [];
  const consent = readConsent(new FieldReader(problems, event));
  return { consent, fields: problems.map(({ field }) => field) };
}

describe('readConsent', () => {
  it('takes a record that cannot be read as refused', () => {
    const event = Object.defineProperty({}, 'consent', THROWS);
    for (const [source, field] of [
      [event, 'consent'],
      [{ consent: true }, 'consent'],
    ] as const) {
      const { consent, fields } = consentOf(source);
      expect(CONSENT_PURPOSES.map((purpose) => consent?.[purpose])).toEqual(
        CONSENT_PURPOSES.map(() => 'denied'),
      );
      expect(fields).toContain(field);
    }
    expect(consentOf({})).toEqual({ consent: undefined, fields: [] });
  });

  it('takes a field that cannot be read as refused', () => {
    const consent = { adStorage: 'yes', analyticsStorage: 'granted' };
    Object.defineProperty(consent, 'adUserData', THROWS);
    Object.defineProperty(consent, 'saleOptOut', THROWS);
    expect(consentOf({ consent })).toEqual({
      consent: expect.objectContaining({
        adStorage: 'denied',
        adUserData: 'denied',
        analyticsStorage: 'granted',
        saleOptOut: true,
      }),
      fields: ['consent.adStorage', 'consent.adUserData', 'consent.saleOptOut'],
    });
  });

  it.each([[['DE']], [{ country: 'DE' }], ['x'.repeat(70)]])(
    'takes the region %j as one that asks for opt-in',
    (region) => {
      const { consent } = consentOf({ consent: { region } });
      expect(needsOptIn(consent?.region ?? 'US', OPT_IN_REGIONS)).toBe(true);
    },
  );
});
