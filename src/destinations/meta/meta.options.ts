import type { AccessToken } from '../access-token';
import type { OptionReader } from '../option-reader';

export interface MetaOptions {
  /** Dataset (pixel) ID: digits, from Events Manager. */
  readonly pixelId: string;
  /** Conversions API access token, or a function that fetches it, so that it can be rotated. A secret. */
  readonly accessToken: AccessToken;
  /** Shows events in "Test events". They still count: remove it in production. */
  readonly testEventCode?: string | undefined;
  /** Adds `appsecret_proof`; needed only where the app demands it. A secret. */
  readonly appSecret?: string | undefined;
  /** Graph API version; default `v25.0`. */
  readonly apiVersion?: string | undefined;
  /** Default `https://graph.facebook.com`. */
  readonly baseUrl?: string | undefined;
  /** Sends subscription renewals as `Purchase`, which changes ROAS; default off (`SubscriptionRenewed`). */
  readonly renewalsAsPurchase?: boolean | undefined;
}

export type MetaSettings = Required<Omit<MetaOptions, 'testEventCode' | 'appSecret'>> &
  Pick<MetaOptions, 'testEventCode' | 'appSecret'>;

export const META_ENV = {
  pixelId: 'META_PIXEL_ID',
  accessToken: 'META_CONVERSIONS_API_ACCESS_TOKEN',
  testEventCode: 'META_TEST_EVENT_CODE',
  appSecret: 'META_APP_SECRET',
  baseUrl: 'META_BASE_URL',
} as const;

/** Live until 2028-07-29; see the changelog of the Graph API. */
const DEFAULT_API_VERSION = 'v25.0';

export function resolveMetaOptions(reader: OptionReader): MetaSettings | undefined {
  reader.rejectUnknown([
    'pixelId',
    'accessToken',
    'testEventCode',
    'appSecret',
    'apiVersion',
    'baseUrl',
    'renewalsAsPurchase',
  ]);
  const isEnabled = reader.hasCredentials(['pixelId', 'accessToken'], META_ENV);
  const pixelId = reader.text(
    'pixelId',
    /^\d{1,30}$/,
    'digits, as Events Manager shows the dataset ID',
  );
  const accessToken = reader.accessToken('accessToken');
  const settings = {
    testEventCode: reader.text('testEventCode', /^[\w-]{1,50}$/, 'a code such as TEST12345'),
    appSecret: reader.secret('appSecret'),
    apiVersion:
      reader.text('apiVersion', /^v\d+\.\d+$/, 'a version such as v25.0') ?? DEFAULT_API_VERSION,
    baseUrl: reader.url('baseUrl') ?? 'https://graph.facebook.com',
    renewalsAsPurchase: reader.flag('renewalsAsPurchase', false),
  };
  if (!isEnabled || pixelId === undefined || accessToken === undefined) return undefined;
  return { pixelId, accessToken, ...settings };
}
