import { describeAnswer, retryAfterMs, type HttpAnswer } from '../../transport/http-answer';
import { sameOutcome, type DeliveryOutcome } from '../destination';

/**
 * Reads the container's answer. A success says that a client claimed the request, not that the tags
 * succeeded. A repetition is harmless: tags deduplicate by `event_id` and `transaction_id`.
 *
 * @see https://developers.google.com/tag-platform/tag-manager/server-side/send-data
 */
export function readServerGtmResponse(
  answer: HttpAnswer,
  sent: number,
  nowMs: number,
): readonly DeliveryOutcome[] {
  const all = (outcome: DeliveryOutcome) => sameOutcome(sent, outcome);
  if (answer.kind === 'no-answer') return all({ kind: 'retryable', reason: answer.reason });
  const { status } = answer;
  if (status >= 200 && status < 300) return all({ kind: 'delivered' });
  const reason = describeAnswer(answer);
  if (status === 429 || status >= 500)
    return all({ kind: 'retryable', reason, retryAfterMs: retryAfterMs(answer, nowMs) });
  if (status === 413) return all({ kind: 'batch-refused', reason: `${reason}: body too large` });
  // All else is about the set-up of container or proxy, never about one event.
  return all({
    kind: 'permanent',
    reason: `${reason}: no client of the container claims the request; check GTM_SERVER_CONTAINER_URL and add the Measurement Protocol client`,
  });
}
