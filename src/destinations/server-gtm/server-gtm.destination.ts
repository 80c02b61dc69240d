import type { ConsentPurpose } from '../../events/consent';
import type { ProtectedEvent } from '../../events/protected-event';
import type { WireEvent } from '../../events/wire-event';
import type { HttpEndpoint } from '../../transport/http-transport';
import { printableUrl } from '../../transport/redaction';
import type {
  DeliveryOutcome,
  Destination,
  DestinationLimits,
  Encoding,
  MatchKeys,
} from '../destination';
import type { DestinationDefinition, DestinationTools } from '../destination-definition';
import { encodeMeasurement, MEASUREMENT_FORMS } from '../measurement-protocol/encode-measurement';
import { MAX_BODY_BYTES, MAX_EVENTS_PER_REQUEST } from '../measurement-protocol/measurement-limits';
import { measurementBody } from '../measurement-protocol/measurement-request';
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
  readonly userDataForms = MEASUREMENT_FORMS;
  /** Those of the platforms that the container passes events on to. */
  readonly matchKeys: MatchKeys = {
    userData: ['userId'],
    context: ['gaClientId', 'gaSessions', 'sessionId', 'ip', 'userAgent'],
    clickIds: ['fbc', 'fbp', 'ttclid', 'ttp', 'gclid', 'gbraid', 'wbraid'],
  };

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
    const { settings } = this;
    // It is the host's own server: what it passes on is decided there.
    const options = { ...settings, debugMode: false, sendIpAddress: true, sendUserAgent: true };
    return encodeMeasurement(event, options, mapServerGtmParams(event));
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
  testMode: {
    option: 'previewToken',
    harm: 'events go to the preview of the container, which may be a draft',
    isOn: ({ previewToken }) => previewToken !== undefined,
    off: (settings) => ({ ...settings, previewToken: undefined }),
  },
  lane: { lingerMs: 5, concurrency: 16 },
  takesAnonymizedIp: true,
  service: ServerGtmService,
};
