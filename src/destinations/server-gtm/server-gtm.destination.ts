import type { ConsentPurpose } from '../../events/consent';
import type { Problem } from '../../events/problem';
import type { ProtectedEvent, UserDataForm } from '../../events/protected-event';
import type { WireEvent } from '../../events/wire-event';
import type { HttpEndpoint } from '../../transport/http-transport';
import { printableUrl } from '../../transport/redaction';
import type { DeliveryOutcome, Destination, DestinationLimits, Encoding } from '../destination';
import type { DestinationDefinition, DestinationTools } from '../destination-definition';
import { chooseClientId } from '../measurement-protocol/client-id';
import {
  isOverBodyLimit,
  MAX_BODY_BYTES,
  MAX_EVENTS_PER_REQUEST,
} from '../measurement-protocol/measurement-limits';
import { measurementBody, measurementWire } from '../measurement-protocol/measurement-request';
import {
  mapMeasurementConsent,
  mapMeasurementEvent,
  mapMeasurementUserData,
} from '../measurement-protocol/measurement.mapping';
import { ServerGtmService } from './server-gtm.service';
import { mapServerGtmParams } from './server-gtm.mapping';
import {
  resolveServerGtmOptions,
  SERVER_GTM_ENV,
  type ServerGtmOptions,
  type ServerGtmSettings,
} from './server-gtm.options';
import { readServerGtmResponse } from './server-gtm.response';

export const SERVER_GTM_LIMITS: DestinationLimits = {
  maxBatchEvents: MAX_EVENTS_PER_REQUEST,
  maxBatchBytes: MAX_BODY_BYTES,
  // The container has no limit of its own, but its GA4 tag has.
  maxEventAgeMs: 72 * 3_600_000 - 60_000,
};

/** A server-side Google Tag Manager container, through its Measurement Protocol client. */
export class ServerGtmDestination implements Destination {
  readonly name = 'serverGtm';
  readonly limits = SERVER_GTM_LIMITS;
  /** The container is the host's own server: its triggers decide who else may see the event. */
  readonly requiredConsent: readonly ConsentPurpose[] = ['analyticsStorage'];
  readonly userDataForms: readonly UserDataForm[] = [
    'externalId',
    'emailGoogle',
    'phoneE164',
    'firstNameGoogle',
    'lastNameGoogle',
    'streetGoogle',
  ];

  private readonly endpoint: HttpEndpoint;

  constructor(
    private readonly settings: ServerGtmSettings,
    private readonly tools: DestinationTools,
  ) {
    const query = new URLSearchParams({ measurement_id: settings.measurementId });
    if (settings.apiSecret !== undefined) query.set('api_secret', settings.apiSecret);
    this.endpoint = tools.transport.endpoint(`${collectUrl(settings)}?${query.toString()}`, {
      ...(settings.previewToken !== undefined && { 'X-Gtm-Server-Preview': settings.previewToken }),
    });
  }

  encode(event: ProtectedEvent): Encoding {
    const notes: Problem[] = [];
    const clientId = chooseClientId(event, this.settings.whenClientIdMissing, notes);
    if (clientId === undefined) {
      return {
        kind: 'unsupported',
        reason: 'no client ID, and serverGtm.whenClientIdMissing is skip',
      };
    }
    const { context, consent, userData } = event;
    const mapped = mapMeasurementEvent(event, { ...this.settings, debugMode: false }, notes);
    const wire = measurementWire(
      {
        client_id: clientId,
        user_id: userData.userId?.slice(0, 256),
        user_data: consent.adUserData === 'denied' ? undefined : mapMeasurementUserData(userData),
        consent: mapMeasurementConsent(consent),
        ip_override: context.ip,
        user_agent: context.userAgent,
      },
      { ...mapped, params: { ...mapped.params, ...mapServerGtmParams(event) } },
    );
    if (isOverBodyLimit(wire)) {
      return {
        kind: 'invalid',
        code: 'too_long',
        reason: `a request takes at most ${MAX_BODY_BYTES} bytes; send fewer items or properties`,
      };
    }
    return { kind: 'encoded', wire, notes };
  }

  async deliver(
    batch: readonly WireEvent[],
    signal: AbortSignal,
  ): Promise<readonly DeliveryOutcome[]> {
    const answer = await this.endpoint.post(measurementBody(batch), signal);
    return readServerGtmResponse(answer, batch.length, this.tools.now());
  }
}

function collectUrl({ containerUrl, path }: ServerGtmSettings): string {
  return `${containerUrl}${path}`;
}

export const serverGtmDestination: DestinationDefinition<
  'serverGtm',
  ServerGtmOptions,
  ServerGtmSettings
> = {
  name: 'serverGtm',
  env: SERVER_GTM_ENV,
  resolve: resolveServerGtmOptions,
  create: (settings, tools) => new ServerGtmDestination(settings, tools),
  describe: (settings) => printableUrl(collectUrl(settings)),
  warnings: ({ previewToken }) =>
    previewToken === undefined ? [] : ['serverGtm.previewToken is set: remove it in production'],
  lane: { lingerMs: 5, concurrency: 16 },
  service: ServerGtmService,
};
