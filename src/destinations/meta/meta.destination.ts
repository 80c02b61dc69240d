import { createHmac } from 'node:crypto';

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
import { isTooWeak } from './meta-match-keys';
import { buildWithModels, loadMetaModels, type MetaModels } from './meta-models';
import { MetaConversionsService } from './meta-conversions.service';
import { mapMetaEvent } from './meta.mapping';
import { META_ENV, resolveMetaOptions, type MetaOptions, type MetaSettings } from './meta.options';
import { readMetaResponse } from './meta.response';

const DAY_MS = 24 * 3_600_000;

/** @see https://developers.facebook.com/docs/marketing-api/conversions-api/using-the-api */
export const META_LIMITS: DestinationLimits = {
  maxBatchEvents: 1_000,
  // Not documented; far above a full batch and far below what a gateway refuses.
  maxBatchBytes: 8 * 1_048_576,
  // A minute less than seven days: the event also has to travel.
  maxEventAgeMs: 7 * DAY_MS - 60_000,
};

const META_FORMS: readonly UserDataForm[] = [
  'externalId',
  'visitorId',
  'email',
  'phoneDigits',
  'firstName',
  'lastName',
  'dateOfBirth',
  'gender',
  'city',
  'state',
  'postalCode',
  'country',
];

/** One dataset (pixel) of Meta's Conversions API. */
export class MetaDestination implements Destination {
  readonly name = 'meta';
  readonly limits = META_LIMITS;
  readonly requiredConsent: readonly ConsentPurpose[] = ['adStorage', 'adUserData'];
  readonly usesConsent: readonly ConsentPurpose[] = [
    'adStorage',
    'adUserData',
    'adPersonalization',
  ];
  readonly userDataForms = META_FORMS;
  readonly matchKeys: MatchKeys = { context: ['ip', 'userAgent'], clickIds: ['fbc', 'fbp'] };

  private readonly endpoint: HttpEndpoint;
  /** Everything of the body behind the events, for the token of now. */
  private tail: { readonly token: string; readonly text: string } | undefined;

  constructor(
    private readonly settings: MetaSettings,
    private readonly models: MetaModels,
    private readonly tools: DestinationTools,
  ) {
    this.endpoint = tools.transport.endpoint(eventsUrl(settings), {});
  }

  encode(event: ProtectedEvent): Encoding {
    const notes: Problem[] = [];
    const mapped = mapMetaEvent(event, this.settings, notes);
    if (isTooWeak(mapped.user_data)) {
      return {
        kind: 'invalid',
        code: 'too_weak',
        field: 'user',
        reason:
          'Meta refuses an event without a strong identifier; give user.id, user.email or user.phone, or a context with fbc, fbp or IP',
      };
    }
    try {
      const body = JSON.stringify(buildWithModels(this.models, mapped));
      return {
        kind: 'encoded',
        wire: { body, envelope: '' },
        eventName: mapped.event_name,
        notes,
      };
    } catch {
      // The model's message holds the value that it refused; only the currency can still be wrong here.
      return {
        kind: 'invalid',
        field: 'currency',
        reason: "Meta's model refuses the event, most likely its currency",
      };
    }
  }

  async deliver(
    batch: readonly WireEvent[],
    signal: AbortSignal,
  ): Promise<readonly DeliveryOutcome[]> {
    const { accessToken } = this.settings;
    const token =
      typeof accessToken === 'string' ? accessToken : await fetchToken(accessToken, signal);
    if (typeof token !== 'string') return sameOutcome(batch.length, token);
    const body = requestBody('{"data":[', batch, `]${this.tailFor(token)}`);
    const answer = await this.endpoint.post(body, signal);
    return readMetaResponse(answer, batch.length, this.tools.now());
  }

  /** The token goes into the body: a URL ends up in logs and proxies. */
  private tailFor(token: string): string {
    if (this.tail?.token !== token) {
      const { appSecret, testEventCode } = this.settings;
      const tail = JSON.stringify({
        access_token: token,
        appsecret_proof: appSecret && appSecretProof(appSecret, token),
        test_event_code: testEventCode,
        partner_agent: 'nestjs-server-tracking',
      });
      this.tail = { token, text: `,${tail.slice(1)}` };
    }
    return this.tail.text;
  }
}

/** @see https://developers.facebook.com/docs/graph-api/guides/secure-requests#appsecret_proof */
export function appSecretProof(appSecret: string, accessToken: string): string {
  return createHmac('sha256', appSecret).update(accessToken).digest('hex');
}

function eventsUrl({ baseUrl, apiVersion, pixelId }: MetaSettings): string {
  return `${baseUrl}/${apiVersion}/${pixelId}/events`;
}

export const metaDestination: DestinationDefinition<'meta', MetaOptions, MetaSettings> = {
  name: 'meta',
  env: META_ENV,
  resolve: resolveMetaOptions,
  create: async (settings, tools) => new MetaDestination(settings, await loadMetaModels(), tools),
  describe: (settings) => printableUrl(eventsUrl(settings)),
  warnings: ({ testEventCode }) =>
    testEventCode === undefined
      ? []
      : ['META_TEST_EVENT_CODE is set: remove it in production, test events count too'],
  testMode: {
    option: 'testEventCode',
    harm: 'test events count beside real ones',
    isOn: ({ testEventCode }) => testEventCode !== undefined,
    off: (settings) => ({ ...settings, testEventCode: undefined }),
  },
  lane: { lingerMs: 50 },
  service: MetaConversionsService,
};
