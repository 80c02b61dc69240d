import type { Problem } from '../../events/problem';
import type { ProtectedEvent, UserDataForm } from '../../events/protected-event';
import type { Encoding } from '../destination';
import { chooseClientId, type WhenClientIdMissing } from './client-id';
import { isOverBodyLimit, MAX_BODY_BYTES } from './measurement-limits';
import { measurementWire } from './measurement-request';
import {
  mapMeasurementConsent,
  mapMeasurementEvent,
  mapMeasurementUserData,
  type MeasurementMappingOptions,
} from './measurement.mapping';
import type { MeasurementParams } from './measurement.payload';

/** The forms of user data that the protocol takes, and that a client ID may be derived from. */
export const MEASUREMENT_FORMS: readonly UserDataForm[] = [
  'externalId',
  'visitorId',
  'emailGoogle',
  'phoneE164',
  'firstNameGoogle',
  'lastNameGoogle',
  'streetGoogle',
];

export interface MeasurementEncodingOptions extends MeasurementMappingOptions {
  readonly whenClientIdMissing: WhenClientIdMissing;
  readonly sendIpAddress: boolean;
  readonly sendUserAgent: boolean;
}

/**
 * One event with its visitor, as the protocol takes it. Pure.
 *
 * @param extra parameters beside those of GA4, which its limits do not count.
 */
export function encodeMeasurement(
  event: ProtectedEvent,
  options: MeasurementEncodingOptions,
  extra?: MeasurementParams,
): Encoding {
  const notes: Problem[] = [];
  const clientId = chooseClientId(event, options.whenClientIdMissing, notes);
  if (clientId === undefined) {
    return { kind: 'unsupported', reason: 'no client ID, and whenClientIdMissing is skip' };
  }
  const { context, consent, userData } = event;
  // Personal data for ads needs its own consent; the visit itself does not.
  const mayHoldUserData = consent.adUserData !== 'denied';
  const mapped = mapMeasurementEvent(event, options, notes);
  const wire = measurementWire(
    {
      client_id: clientId,
      user_id: consent.analyticsStorage === 'denied' ? undefined : userData.userId?.slice(0, 256),
      user_data: mayHoldUserData ? mapMeasurementUserData(userData) : undefined,
      consent: mapMeasurementConsent(consent),
      ip_override: options.sendIpAddress ? context.ip : undefined,
      user_agent: options.sendUserAgent ? context.userAgent : undefined,
    },
    extra === undefined ? mapped : { ...mapped, params: { ...mapped.params, ...extra } },
  );
  if (isOverBodyLimit(wire)) {
    return {
      kind: 'invalid',
      code: 'too_long',
      reason: `a request takes at most ${MAX_BODY_BYTES} bytes; send fewer items or properties`,
    };
  }
  return { kind: 'encoded', wire, eventName: mapped.name, notes };
}
