import {
  describeAnswer,
  fieldOf,
  retryAfterMs,
  type HttpAnswer,
} from '../../transport/http-answer';
import { sameOutcome, type DeliveryOutcome } from '../destination';

/** Meta throttles for minutes; asking again sooner makes it longer. */
const MIN_THROTTLE_MS = 60_000;

const RATE_LIMITED = new Set([4, 17, 32, 613, 80000, 80003, 80004, 80014]);
const TEMPORARY = new Set([1, 2, 341, 5000, 21009]);
const BAD_TOKEN = new Set([102, 190]);
const NO_PERMISSION = new Set([3, 10, 294, 368]);
const INVALID_PARAMETER = 100;
const UNKNOWN_OBJECT_SUBCODE = 33;
const DUPLICATE_POST = 506;

/**
 * Reads Meta's answer to one batch. Numbers decide; texts may be localised and may echo input.
 *
 * @param sent number of events in the request; the result has exactly as many outcomes, in order.
 * @returns `retryable` for no answer, throttling and trouble on their side; `permanent` for a refused
 *   token or permission; `batch-refused` where one of several events is bad, and `rejected` where Meta
 *   names it. Never throws.
 * @see https://developers.facebook.com/docs/graph-api/guides/error-handling
 */
export function readMetaResponse(
  answer: HttpAnswer,
  sent: number,
  nowMs: number,
): readonly DeliveryOutcome[] {
  const all = (outcome: DeliveryOutcome) => sameOutcome(sent, outcome);
  if (answer.kind === 'no-answer') return all({ kind: 'retryable', reason: answer.reason });
  const wait = retryAfterMs(answer, nowMs);
  const error = fieldOf(answer.json, 'error');
  if (error === undefined) {
    const received = fieldOf(answer.json, 'events_received');
    if (isSuccess(answer.status) && received === sent) return all({ kind: 'delivered' });
    if (isSuccess(answer.status) && typeof received === 'number') {
      return all({ kind: 'retryable', reason: `Meta received ${received} of ${sent} events` });
    }
    return all({
      kind: 'retryable',
      reason: `${describeAnswer(answer)} without Meta's JSON`,
      retryAfterMs: wait,
    });
  }
  const code = numberOf(fieldOf(error, 'code'));
  const subcode = numberOf(fieldOf(error, 'error_subcode'));
  const reason = `Meta error ${code ?? '?'}${subcode === undefined ? '' : `/${subcode}`} (HTTP ${answer.status})`;
  if (fieldOf(error, 'is_transient') === true)
    return all({ kind: 'retryable', reason, retryAfterMs: wait });
  if (code === undefined) return unknownError(answer.status, sent, reason, wait);
  if (RATE_LIMITED.has(code)) {
    const delayMs = Math.max(wait ?? usageWaitMs(answer.headers) ?? 0, MIN_THROTTLE_MS);
    return all({ kind: 'retryable', reason: `${reason}: throttled`, retryAfterMs: delayMs });
  }
  if (TEMPORARY.has(code)) return all({ kind: 'retryable', reason, retryAfterMs: wait });
  if (BAD_TOKEN.has(code)) {
    return all({
      kind: 'permanent',
      reason: `${reason}: the access token is refused; make a new one in Events Manager`,
    });
  }
  if (NO_PERMISSION.has(code) || (code >= 200 && code <= 299)) {
    return all({ kind: 'permanent', reason: `${reason}: the token may not send to this dataset` });
  }
  if (code === INVALID_PARAMETER && subcode === UNKNOWN_OBJECT_SUBCODE) {
    return all({
      kind: 'permanent',
      reason: `${reason}: unknown dataset, or no permission on it; check META_PIXEL_ID`,
    });
  }
  if (code === DUPLICATE_POST) return all({ kind: 'rejected', reason, platformCode: String(code) });
  if (code === INVALID_PARAMETER) return invalidParameter(error, sent, reason, subcode);
  return unknownError(answer.status, sent, reason, wait);
}

function invalidParameter(
  error: unknown,
  sent: number,
  reason: string,
  subcode: number | undefined,
): DeliveryOutcome[] {
  const platformCode = subcode === undefined ? '100' : `100/${subcode}`;
  const blamed = blamedIndices(error).filter((index) => index < sent);
  if (blamed.length === 0) {
    return sameOutcome(
      sent,
      sent === 1
        ? { kind: 'rejected', reason, platformCode }
        : { kind: 'batch-refused', reason, platformCode },
    );
  }
  // The named events are bad; their neighbours were refused with them and may pass without them.
  const outcomes = sameOutcome(sent, {
    kind: 'retryable',
    reason: `${reason}: refused with a bad neighbour`,
    retryAfterMs: 0,
  });
  for (const index of blamed) outcomes[index] = { kind: 'rejected', reason, platformCode };
  return outcomes;
}

/** `error_data.blame_field_specs` is `[["data", 0, "event_time"]]`; the whole may be a JSON string. */
function blamedIndices(error: unknown): number[] {
  let data = fieldOf(error, 'error_data');
  if (typeof data === 'string') {
    try {
      data = JSON.parse(data) as unknown;
    } catch {
      return [];
    }
  }
  const specs = fieldOf(data, 'blame_field_specs');
  if (!Array.isArray(specs)) return [];
  return specs.flatMap((spec: unknown) => {
    const index: unknown = Array.isArray(spec) && spec[0] === 'data' ? spec[1] : undefined;
    const number = typeof index === 'string' ? Number(index) : index;
    return typeof number === 'number' && Number.isInteger(number) && number >= 0 ? [number] : [];
  });
}

/** An error that nobody listed: theirs by its status, else about one of the events. */
function unknownError(
  status: number,
  sent: number,
  reason: string,
  wait: number | undefined,
): DeliveryOutcome[] {
  if (status >= 500 || status === 429) {
    return sameOutcome(sent, { kind: 'retryable', reason, retryAfterMs: wait });
  }
  return sameOutcome(
    sent,
    sent === 1 ? { kind: 'rejected', reason } : { kind: 'batch-refused', reason },
  );
}

/** `X-Business-Use-Case-Usage` says in minutes when access comes back. */
function usageWaitMs(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): number | undefined {
  const header = headers['x-business-use-case-usage'];
  const minutes =
    typeof header === 'string'
      ? /"estimated_time_to_regain_access"\s*:\s*(\d{1,6})/.exec(header)?.[1]
      : undefined;
  return minutes === undefined ? undefined : Number(minutes) * 60_000;
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
