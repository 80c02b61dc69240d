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
import { isRepeatable, measurementBody } from '../measurement-protocol/measurement-request';
import { Ga4MeasurementService } from './ga4-measurement.service';
import {
  GA4_ENV,
  GA4_EU_HOST,
  resolveGa4Options,
  type Ga4Options,
  type Ga4Settings,
} from './ga4.options';
import { readGa4Response, readGa4Validation } from './ga4.response';

export const GA4_LIMITS: DestinationLimits = {
  maxBatchEvents: MAX_EVENTS_PER_REQUEST,
  maxBatchBytes: MAX_BODY_BYTES,
  maxEventAgeMs: 72 * 3_600_000 - 60_000,
};

/** One data stream of Google Analytics 4, by the Measurement Protocol. */
export class Ga4Destination implements Destination {
  readonly name = 'ga4';
  readonly limits = GA4_LIMITS;
  readonly requiredConsent: readonly ConsentPurpose[] = ['analyticsStorage'];
  readonly userDataForms = MEASUREMENT_FORMS;
  readonly matchKeys: MatchKeys;

  private readonly endpoint: HttpEndpoint;

  constructor(
    private readonly settings: Ga4Settings,
    private readonly tools: DestinationTools,
  ) {
    this.matchKeys = {
      userData: ['userId'],
      context: [
        'gaClientId',
        'gaSessions',
        'sessionId',
        ...(settings.sendIpAddress ? (['ip'] as const) : []),
        ...(settings.sendUserAgent ? (['userAgent'] as const) : []),
      ],
    };
    // The protocol wants the secret in the query; this URL is never printed.
    const query = new URLSearchParams({
      measurement_id: settings.measurementId,
      api_secret: settings.apiSecret,
    });
    this.endpoint = tools.transport.endpoint(`${collectUrl(settings)}?${query.toString()}`, {});
  }

  encode(event: ProtectedEvent): Encoding {
    return encodeMeasurement(event, this.settings);
  }

  async deliver(
    batch: readonly WireEvent[],
    signal: AbortSignal,
  ): Promise<readonly DeliveryOutcome[]> {
    const answer = await this.endpoint.post(measurementBody(batch), signal, () =>
      batch.every(isRepeatable),
    );
    const read = this.settings.validate ? readGa4Validation : readGa4Response;
    return read(answer, batch, this.tools.now());
  }
}

function collectUrl({ baseUrl, validate }: Ga4Settings): string {
  return `${baseUrl}${validate ? '/debug' : ''}/mp/collect`;
}

export const ga4Destination: DestinationDefinition<'ga4', Ga4Options, Ga4Settings> = {
  name: 'ga4',
  env: GA4_ENV,
  resolve: resolveGa4Options,
  create: (settings, tools) => new Ga4Destination(settings, tools),
  describe: (settings) => printableUrl(collectUrl(settings)),
  warnings: ({ validate, debugMode }) => [
    ...(validate
      ? ['ga4.validate is on: events are checked by Google and nothing is counted']
      : []),
    ...(debugMode ? ['ga4.debugMode is on: events show in DebugView'] : []),
  ],
  testMode: {
    option: 'validate',
    harm: 'Google checks events and counts none',
    isOn: ({ validate }) => validate,
    off: (settings) => ({ ...settings, validate: false }),
  },
  // A request holds one visitor, so waiting for company gains little.
  lane: { lingerMs: 5, concurrency: 16 },
  takesAnonymizedIp: true,
  euEndpoint: { host: GA4_EU_HOST, how: "set ga4.region to 'eu'" },
  service: Ga4MeasurementService,
};
