import type { ConsentState } from '../../events/consent';
import type { ProtectedEvent } from '../../events/protected-event';
import type { MeasurementParams } from '../measurement-protocol/measurement.payload';

/**
 * What the container's vendor tags read beside the GA4 fields: the shared event ID and the visitor's
 * cookies and click IDs, because the visitor's own request is not the one that we send. Pure.
 */
export function mapServerGtmParams(event: ProtectedEvent): MeasurementParams {
  const { context, consent, userData } = event;
  const mayHoldAdIds = consent.adStorage !== 'denied' && consent.adUserData !== 'denied';
  const clickIds = (mayHoldAdIds ? context.clickIds : undefined) ?? {};
  return {
    event_id: event.eventId,
    external_id: mayHoldAdIds ? (userData.externalId ?? userData.visitorId) : undefined,
    fbp: clickIds.fbp,
    fbc: clickIds.fbc,
    ttp: clickIds.ttp,
    ttclid: clickIds.ttclid,
    gclid: clickIds.gclid,
    gbraid: clickIds.gbraid,
    wbraid: clickIds.wbraid,
    language: context.language,
    // The protocol's own consent object knows two purposes; triggers in the container want all four.
    consent_ad_storage: known(consent.adStorage),
    consent_analytics_storage: known(consent.analyticsStorage),
    consent_ad_user_data: known(consent.adUserData),
    consent_ad_personalization:
      consent.saleOptOut === true ? 'denied' : known(consent.adPersonalization),
  };
}

function known(state: ConsentState | undefined): string | undefined {
  return state === 'unknown' ? undefined : state;
}
