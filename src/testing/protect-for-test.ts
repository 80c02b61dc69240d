import assert from 'node:assert/strict';

import { acceptContext } from '../context/accept-context';
import { completeEvent } from '../events/complete-event';
import { FieldReader } from '../events/field-reader';
import { USER_DATA_FORMS, type ProtectedEvent } from '../events/protected-event';
import type { TrackingEvent } from '../events/tracking-event';
import { withPrivacySignals } from '../privacy/consent-gate';
import { protectEvent } from '../privacy/protect-event';

/** Takes an event along the line as far as a destination: completed, its context joined, protected. */
export function protectForTest(event: TrackingEvent): ProtectedEvent {
  const completion = completeEvent(event.name, event, Date.UTC(2026, 0, 15, 10));
  assert.equal(completion.kind, 'completed', JSON.stringify(completion.problems));
  const context = acceptContext(new FieldReader([], event.context ?? {}, 'context'));
  const consent = withPrivacySignals(completion.event.consent, context.gpc);
  return protectEvent(completion.event, context, consent, { forms: new Set(USER_DATA_FORMS) }, []);
}
