import type { DestinationDefinition } from './destinations/destination-definition';
import type { OptionReader } from './destinations/option-reader';

export interface TestEventsOptions {
  /**
   * Where the application runs, as `NODE_ENV` says it. In `production` or `prod` a destination in a test mode (a test event
   * code, GA4's `validate`, a preview token) stops the start.
   */
  readonly environment?: string | undefined;
  /**
   * Lets test modes into production up to this moment, at most 7 days ahead; then they end by themselves. Text in
   * ISO 8601 with its zone: `2026-01-16T18:00:00Z`.
   */
  readonly allowTestEventsUntil?: Date | string | undefined;
}

/** A destination, as far as its test mode goes. */
interface Tried {
  readonly definition: Pick<
    DestinationDefinition<string, object, unknown>,
    'name' | 'env' | 'testMode'
  >;
  readonly settings: unknown;
}

/** As people write it. */
const PRODUCTION = /^prod(?:uction)?$/i;
const MAX_DAYS = 7;
const DAY_MS = 24 * 3_600_000;
/** Without a zone it would be another moment on another machine. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * @returns when test modes end, in Unix milliseconds; `undefined` where none is on, or where nobody minds. A moment
 *   that has passed disturbs nobody without a test mode.
 */
export function resolveTestEvents(
  reader: OptionReader,
  allowTestEventsUntil: unknown,
  destinations: readonly Tried[],
  nowMs: number,
): number | undefined {
  const environment = reader.text('environment', /^[\w.-]{1,50}$/, 'a name such as production');
  const untilMs = readMoment(allowTestEventsUntil);
  if (Number.isNaN(untilMs))
    reader.note(
      'allowTestEventsUntil',
      'expected a date, or text such as 2026-01-16T18:00:00Z, with its zone',
    );
  if (!PRODUCTION.test(environment ?? '')) return undefined;
  const tried = destinations.filter(inTestMode);
  if (tried.length === 0 || Number.isNaN(untilMs)) return undefined;
  if (untilMs !== undefined && untilMs > nowMs + MAX_DAYS * DAY_MS) {
    reader.note('allowTestEventsUntil', `expected at most ${MAX_DAYS} days from now`);
  } else if (untilMs === undefined || untilMs <= nowMs) {
    for (const { definition } of tried) noteRefusal(reader, definition, untilMs);
  }
  return untilMs;
}

export function inTestMode({ definition, settings }: Tried): boolean {
  return definition.testMode?.isOn(settings) === true;
}

function noteRefusal(
  reader: OptionReader,
  { name, env, testMode }: Tried['definition'],
  untilMs: number | undefined,
): void {
  if (testMode === undefined) return;
  const { option, harm } = testMode;
  const variable = (env as Readonly<Record<string, string | undefined>>)[option];
  const over =
    untilMs === undefined
      ? ''
      : `; allowTestEventsUntil passed at ${new Date(untilMs).toISOString()}`;
  reader.note(
    `${name}.${option}`,
    `is set in production: ${harm}${over}. Remove it${variable === undefined ? '' : ` (${variable})`}, or set allowTestEventsUntil (TRACKING_ALLOW_TEST_EVENTS_UNTIL) to at most ${MAX_DAYS} days from now`,
    'conflict',
  );
}

/** @returns `NaN` for what is none. */
function readMoment(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Date) return value.getTime();
  if (typeof value !== 'string') return NaN;
  const text = value.trim();
  if (text === '') return undefined;
  return MOMENT.test(text) ? Date.parse(text) : NaN;
}
