import type { Problem } from '../../events/problem';
import { fitParams, isReservedParam, measurementEventName } from './measurement-limits';

describe('measurementEventName', () => {
  it.each([
    ['trial_extended', 'trial_extended'],
    ['TrialExtended', 'TrialExtended'],
    ['trial extended!', 'trial_extended_'],
    ['7days', 'custom_7days'],
    ['_hidden', 'custom__hidden'],
    ['session_start', 'custom_session_start'],
    ['first_visit', 'custom_first_visit'],
    ['error', 'custom_error'],
    ['firebase_x', 'custom_firebase_x'],
    ['ga_x', 'custom_ga_x'],
    ['google_x', 'custom_google_x'],
    ['a'.repeat(50), 'a'.repeat(40)],
  ])('sends %s as %s', (name, sent) => {
    const notes: Problem[] = [];
    expect(measurementEventName(name, notes)).toBe(sent);
    expect(notes).toHaveLength(name === sent ? 0 : 1);
  });
});

describe('isReservedParam', () => {
  it.each([
    '_x',
    'firebase_x',
    'ga_x',
    'google_x',
    'gtag.x',
    'firebase_conversion',
    'session_id',
    'items',
    'a b',
    '1a',
    'x'.repeat(41),
  ])('refuses %s', (name) => {
    expect(isReservedParam(name)).toBe(true);
  });

  it('lets others pass', () => {
    expect(isReservedParam('days_left')).toBe(false);
  });
});

describe('fitParams', () => {
  it.each([
    ['method', 101, 100],
    ['page_title', 301, 300],
    ['page_referrer', 421, 420],
    ['page_location', 1_001, 1_000],
  ])('cuts %s of %d characters to %d and says so', (name, length, maxLength) => {
    const notes: Problem[] = [];
    expect(fitParams({ [name]: 'x'.repeat(length) }, notes)[name]).toHaveLength(maxLength);
    expect(notes).toEqual([expect.objectContaining({ field: name, code: 'changed' })]);
  });

  it('cuts a URL at its query first: half a click ID is worse than none', () => {
    const url = `https://shop.example.com/p?gclid=${'x'.repeat(1_000)}`;
    expect(fitParams({ page_location: url }, [])).toEqual({
      page_location: 'https://shop.example.com/p',
    });
  });

  it('keeps 25 parameters and names the others', () => {
    const notes: Problem[] = [];
    const params = Object.fromEntries(
      Array.from({ length: 27 }, (_unused, index) => [`p${index}`, index]),
    );
    expect(Object.keys(fitParams(params, notes))).toHaveLength(25);
    expect(notes.map(({ field }) => field)).toEqual(['p25', 'p26']);
  });
});
