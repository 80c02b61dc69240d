import type { WireEvent } from '../../events/wire-event';
import {
  describeAnswer,
  fieldOf,
  retryAfterMs,
  type HttpAnswer,
} from '../../transport/http-answer';
import { sameOutcome, type DeliveryOutcome } from '../destination';
import { isRepeatable } from '../measurement-protocol/measurement-request';

/** A gateway in front of Google that refuses us: nothing passes until a person acts. */
const REFUSED_BY_GATEWAY = new Set([401, 403, 404, 407]);

/**
 * Reads GA4's answer. It says 2xx to everything that it can read at all, also to a wrong secret, so a
 * success is "accepted, unverifiable".
 *
 * GA4 deduplicates only purchases: when nobody knows whether a request arrived, other events are given
 * up rather than counted twice.
 *
 * @see https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference
 */
export function readGa4Response(
  answer: HttpAnswer,
  batch: readonly WireEvent[],
  nowMs: number,
): readonly DeliveryOutcome[] {
  const all = (outcome: DeliveryOutcome) => sameOutcome(batch.length, outcome);
  if (answer.kind === 'no-answer') {
    return batch.map((wire) =>
      answer.mayHaveArrived && !isRepeatable(wire)
        ? {
            kind: 'rejected',
            reason: `${answer.reason}: it may have arrived, and GA4 would count it twice`,
          }
        : { kind: 'retryable', reason: answer.reason },
    );
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return all({ kind: 'delivered' });
  const reason = describeAnswer(answer);
  if (status === 429 || status >= 500)
    return all({ kind: 'retryable', reason, retryAfterMs: retryAfterMs(answer, nowMs) });
  if (status === 413) return all({ kind: 'batch-refused', reason: `${reason}: body too large` });
  if (REFUSED_BY_GATEWAY.has(status) || (status >= 300 && status < 400)) {
    return all({
      kind: 'permanent',
      reason: `${reason}: Google's collector does not answer so; check GA4_BASE_URL`,
    });
  }
  return all(batch.length === 1 ? { kind: 'rejected', reason } : { kind: 'batch-refused', reason });
}

/**
 * Reads the answer of the validation server: its messages become the reason of a rejection.
 *
 * @see https://developers.google.com/analytics/devguides/collection/protocol/ga4/validating-events
 */
export function readGa4Validation(
  answer: HttpAnswer,
  batch: readonly WireEvent[],
  nowMs: number,
): readonly DeliveryOutcome[] {
  const all = (outcome: DeliveryOutcome) => sameOutcome(batch.length, outcome);
  const messages =
    answer.kind === 'answered' ? fieldOf(answer.json, 'validationMessages') : undefined;
  if (!Array.isArray(messages)) {
    return all({
      kind: 'retryable',
      reason: `${describeAnswer(answer)} from the validation server`,
      retryAfterMs: retryAfterMs(answer, nowMs),
    });
  }
  if (messages.length === 0) return all({ kind: 'delivered' });
  const reason = `GA4 validation: ${messages.slice(0, 5).map(describeMessage).join('; ')}`;
  return all(batch.length === 1 ? { kind: 'rejected', reason } : { kind: 'batch-refused', reason });
}

/** Code and path; the description echoes names and values that the host sent. */
function describeMessage(message: unknown): string {
  const code = fieldOf(message, 'validationCode');
  const path = fieldOf(message, 'fieldPath');
  return [code, path]
    .filter((part) => typeof part === 'string' && /^[\w.[\]]{1,100}$/.test(part))
    .join(' at ');
}
