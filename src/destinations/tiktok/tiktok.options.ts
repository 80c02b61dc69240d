import type { AccessToken } from '../access-token';
import type { OptionReader } from '../option-reader';

export interface TikTokOptions {
  /** Pixel code, from Events Manager. */
  readonly pixelId: string;
  /** Events API access token, or a function that fetches it, so that it can be rotated. A secret. */
  readonly accessToken: AccessToken;
  /** Shows events in "Test events": remove it in production. */
  readonly testEventCode?: string | undefined;
  /** Default `v1.3`. */
  readonly apiVersion?: string | undefined;
  /** Default `https://business-api.tiktok.com/open_api`. */
  readonly baseUrl?: string | undefined;
  /** Must equal what the browser pixel sends, or nothing is deduplicated; default `Purchase`. */
  readonly purchaseEventName?: 'Purchase' | 'CompletePayment' | undefined;
  /** Must equal what the browser pixel sends; default `Lead`. */
  readonly leadEventName?: 'Lead' | 'SubmitForm' | undefined;
  /** TikTok has no refund, only a custom event; default off. */
  readonly sendRefunds?: boolean | undefined;
  /** Sends subscription renewals under the name of a purchase; default off (`SubscriptionRenewed`). */
  readonly renewalsAsPurchase?: boolean | undefined;
}

export type TikTokSettings = Required<Omit<TikTokOptions, 'testEventCode'>> &
  Pick<TikTokOptions, 'testEventCode'>;

export const TIKTOK_ENV = {
  pixelId: 'TIKTOK_PIXEL_ID',
  accessToken: 'TIKTOK_EVENTS_API_ACCESS_TOKEN',
  testEventCode: 'TIKTOK_TEST_EVENT_CODE',
  baseUrl: 'TIKTOK_BASE_URL',
} as const;

export function resolveTikTokOptions(reader: OptionReader): TikTokSettings | undefined {
  reader.rejectUnknown([
    'pixelId',
    'accessToken',
    'testEventCode',
    'apiVersion',
    'baseUrl',
    'purchaseEventName',
    'leadEventName',
    'sendRefunds',
    'renewalsAsPurchase',
  ]);
  const isEnabled = reader.hasCredentials(['pixelId', 'accessToken'], TIKTOK_ENV);
  const pixelId = reader.text(
    'pixelId',
    /^[A-Za-z0-9_-]{1,64}$/,
    'letters and digits, as Events Manager shows the pixel ID',
  );
  const accessToken = reader.accessToken('accessToken');
  const settings = {
    testEventCode: reader.text('testEventCode', /^[\w-]{1,50}$/, 'a code such as TEST12345'),
    apiVersion: reader.text('apiVersion', /^v\d+\.\d+$/, 'a version such as v1.3') ?? 'v1.3',
    baseUrl: reader.url('baseUrl') ?? 'https://business-api.tiktok.com/open_api',
    purchaseEventName: reader.oneOf(
      'purchaseEventName',
      ['Purchase', 'CompletePayment'],
      'Purchase',
    ),
    leadEventName: reader.oneOf('leadEventName', ['Lead', 'SubmitForm'], 'Lead'),
    sendRefunds: reader.flag('sendRefunds', false),
    renewalsAsPurchase: reader.flag('renewalsAsPurchase', false),
  };
  if (!isEnabled || pixelId === undefined || accessToken === undefined) return undefined;
  return { pixelId, accessToken, ...settings };
}
