import {
  describeAnswer,
  fieldOf,
  retryAfterMs,
  type HttpAnswer,
} from '../../transport/http-answer';
import { sameOutcome, type DeliveryOutcome } from '../destination';

const ACCEPTED = 0;
const ACCEPTED_IN_PART = 20001;
const NO_PERMISSION = 40001;
const INVALID_PARAMETER = 40002;
const NOT_FOUND = 40007;
/** Not an authentication error in spite of its number. */
const TOO_MANY_REQUESTS = 40100;
const BAD_TOKEN = new Set([40101, 40102, 40104, 40105]);
const MIN_THROTTLE_MS = 60_000;

/**
 * Reads TikTok's answer to one batch. The HTTP status is nearly always 200: `code` decides.
 *
 * @param sent number of events in the request; the result has exactly as many outcomes, in order.
 * @returns `retryable` for no answer, no `code`, throttling and internal errors; `permanent` for a
 *   refused token or pixel; `rejected` for the entry that a 40002 names, with its neighbours
 *   `retryable`; `batch-refused` where it names none. Never throws.
 * @see https://business-api.tiktok.com/portal/docs?id=1737172488964097
 */
export function readTikTokResponse(
  answer: HttpAnswer,
  sent: number,
  nowMs: number,
): readonly DeliveryOutcome[] {
  const all = (outcome: DeliveryOutcome) => sameOutcome(sent, outcome);
  if (answer.kind === 'no-answer') return all({ kind: 'retryable', reason: answer.reason });
  const wait = retryAfterMs(answer, nowMs);
  const code = fieldOf(answer.json, 'code');
  if (typeof code !== 'number') {
    return all({
      kind: 'retryable',
      reason: `${describeAnswer(answer)} without TikTok's code`,
      retryAfterMs: wait,
    });
  }
  const reason = `TikTok code ${code} (HTTP ${answer.status})`;
  if (code === ACCEPTED || code === ACCEPTED_IN_PART) return all({ kind: 'delivered' });
  if (code === TOO_MANY_REQUESTS || answer.status === 429) {
    return all({
      kind: 'retryable',
      reason: `${reason}: throttled`,
      retryAfterMs: Math.max(wait ?? 0, MIN_THROTTLE_MS),
    });
  }
  if (BAD_TOKEN.has(code)) {
    return all({
      kind: 'permanent',
      reason: `${reason}: the access token is refused; make a new one in Events Manager`,
    });
  }
  if (code === NO_PERMISSION || code === NOT_FOUND) {
    return all({
      kind: 'permanent',
      reason: `${reason}: the token may not send to this pixel; check TIKTOK_PIXEL_ID`,
    });
  }
  if (code === INVALID_PARAMETER)
    return invalidParameter(fieldOf(answer.json, 'message'), sent, reason);
  if (code >= 50_000 || answer.status >= 500)
    return all({ kind: 'retryable', reason, retryAfterMs: wait });
  // An error that nobody listed is about the request; one event of several may be its cause.
  return all(
    sent === 1
      ? { kind: 'rejected', reason, platformCode: String(code) }
      : { kind: 'batch-refused', reason, platformCode: String(code) },
  );
}

/** The message names the first bad entry: `Batch.<index>.<path>: …`. Only path and index are used. */
function invalidParameter(message: unknown, sent: number, reason: string): DeliveryOutcome[] {
  const platformCode = String(INVALID_PARAMETER);
  const [, indexText, path] =
    /^Batch\.(\d{1,6})\.([\w.]{1,100}):/.exec(typeof message === 'string' ? message : '') ?? [];
  const index = indexText === undefined ? undefined : Number(indexText);
  const detail = path === undefined ? reason : `${reason}: ${path}`;
  if (sent === 1) return sameOutcome(1, { kind: 'rejected', reason: detail, platformCode });
  if (index === undefined || index >= sent)
    return sameOutcome(sent, { kind: 'batch-refused', reason, platformCode });
  const outcomes = sameOutcome(sent, {
    kind: 'retryable',
    reason: `${reason}: refused with a bad neighbour`,
    retryAfterMs: 0,
  });
  outcomes[index] = { kind: 'rejected', reason: detail, platformCode };
  return outcomes;
}
