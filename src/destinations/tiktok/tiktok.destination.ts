import type { ConsentPurpose } from '../../events/consent';
import type { Problem } from '../../events/problem';
import type { ProtectedEvent, UserDataForm } from '../../events/protected-event';
import type { WireEvent } from '../../events/wire-event';
import type { HttpEndpoint } from '../../transport/http-transport';
import { printableUrl } from '../../transport/redaction';
import { fetchToken } from '../access-token';
import {
  sameOutcome,
  type DeliveryOutcome,
  type Destination,
  type DestinationLimits,
  type Encoding,
  type MatchKeys,
} from '../destination';
import type { DestinationDefinition, DestinationTools } from '../destination-definition';
import { requestBody } from '../request-body';
import { TikTokEventsService } from './tiktok-events.service';
import { mapTikTokEvent } from './tiktok.mapping';
import {
  resolveTikTokOptions,
  TIKTOK_ENV,
  type TikTokOptions,
  type TikTokSettings,
} from './tiktok.options';
import type { TikTokUser } from './tiktok.payload';
import { readTikTokResponse } from './tiktok.response';

const DAY_MS = 24 * 3_600_000;

export const TIKTOK_LIMITS: DestinationLimits = {
  maxBatchEvents: 1_000,
  // Not documented; a full batch of rich purchases is about 2 MB.
  maxBatchBytes: 4 * 1_048_576,
  // Not published for web events; seven days is what is safe.
  maxEventAgeMs: 7 * DAY_MS - 60_000,
};

/** One pixel of TikTok's Events API 2.0. */
export class TikTokDestination implements Destination {
  readonly name = 'tiktok';
  readonly limits = TIKTOK_LIMITS;
  readonly requiredConsent: readonly ConsentPurpose[] = ['adStorage', 'adUserData'];
  readonly usesConsent: readonly ConsentPurpose[] = [
    'adStorage',
    'adUserData',
    'adPersonalization',
  ];
  /** `limited_data_use` holds for people in the United States. */
  readonly limitsPersonalizationIn = ['US'];
  readonly userDataForms: readonly UserDataForm[] = [
    'externalId',
    'visitorId',
    'email',
    'phoneTikTok',
    'firstName',
    'lastName',
    'postalCode',
  ];
  readonly matchKeys: MatchKeys = {
    userData: ['countryCode'],
    context: ['ip', 'userAgent'],
    clickIds: ['ttclid', 'ttp'],
  };

  /** For the token of now. */
  private endpoint: { readonly token: string; readonly http: HttpEndpoint } | undefined;
  /** Everything of the body before the events. */
  private readonly bodyHead: string;

  constructor(
    private readonly settings: TikTokSettings,
    private readonly tools: DestinationTools,
  ) {
    const head = JSON.stringify({
      event_source: 'web',
      event_source_id: settings.pixelId,
      partner_name: 'nestjs-server-tracking',
      test_event_code: settings.testEventCode,
    });
    this.bodyHead = `${head.slice(0, -1)},"data":[`;
  }

  encode(event: ProtectedEvent): Encoding {
    if (event.name === 'refund' && !this.settings.sendRefunds) {
      return {
        kind: 'unsupported',
        reason: 'TikTok has no refund; tiktok.sendRefunds sends a custom event',
      };
    }
    const notes: Problem[] = [];
    const mapped = mapTikTokEvent(event, this.settings, notes);
    if (!hasIdentifier(mapped.user)) {
      return {
        kind: 'invalid',
        code: 'too_weak',
        field: 'user',
        reason:
          'TikTok needs an identifier; give user.id, user.email or user.phone, or a context with ttclid, ttp or IP and user agent',
      };
    }
    if (event.context.url === undefined) {
      notes.push({
        field: 'context.url',
        code: 'missing',
        message: 'TikTok asks for the page URL of web events; sent without',
      });
    }
    return {
      kind: 'encoded',
      wire: { body: JSON.stringify(mapped), envelope: '' },
      eventName: mapped.event,
      notes,
    };
  }

  async deliver(
    batch: readonly WireEvent[],
    signal: AbortSignal,
  ): Promise<readonly DeliveryOutcome[]> {
    const { accessToken } = this.settings;
    const token =
      typeof accessToken === 'string' ? accessToken : await fetchToken(accessToken, signal);
    if (typeof token !== 'string') return sameOutcome(batch.length, token);
    const body = requestBody(this.bodyHead, batch, ']}');
    const answer = await this.endpointFor(token).post(body, signal);
    return readTikTokResponse(answer, batch.length, this.tools.now());
  }

  private endpointFor(token: string): HttpEndpoint {
    if (this.endpoint?.token !== token) {
      const headers = { 'Access-Token': token };
      const http = this.tools.transport.endpoint(trackUrl(this.settings), headers);
      this.endpoint = { token, http };
    }
    return this.endpoint.http;
  }
}

function hasIdentifier(user: TikTokUser): boolean {
  const { email, phone, external_id, ttclid, ttp, ip, user_agent } = user;
  return [email, phone, external_id, ttclid, ttp, ip && user_agent].some(
    (value) => value !== undefined,
  );
}

function trackUrl({ baseUrl, apiVersion }: TikTokSettings): string {
  // Without the slash at the end TikTok answers with a redirect.
  return `${baseUrl}/${apiVersion}/event/track/`;
}

export const tiktokDestination: DestinationDefinition<'tiktok', TikTokOptions, TikTokSettings> = {
  name: 'tiktok',
  env: TIKTOK_ENV,
  resolve: resolveTikTokOptions,
  create: (settings, tools) => new TikTokDestination(settings, tools),
  describe: (settings) => printableUrl(trackUrl(settings)),
  warnings: ({ testEventCode }) =>
    testEventCode === undefined ? [] : ['TIKTOK_TEST_EVENT_CODE is set: remove it in production'],
  testMode: {
    option: 'testEventCode',
    harm: 'whether test events count TikTok does not say',
    isOn: ({ testEventCode }) => testEventCode !== undefined,
    off: (settings) => ({ ...settings, testEventCode: undefined }),
  },
  lane: { maxBatchEvents: 100, lingerMs: 50 },
  clickIds: [
    { name: 'ttclid', query: 'ttclid', cookies: ['ttclid'] },
    { name: 'ttp', cookies: ['_ttp'], fromCookie: readTtpCookie },
  ],
  service: TikTokEventsService,
};

function readTtpCookie(value: string): string | undefined {
  return /^[A-Za-z0-9_-]{10,64}$/.test(value) ? value : undefined;
}
