import type { WhenClientIdMissing } from '../measurement-protocol/client-id';
import type { OptionReader } from '../option-reader';

export interface Ga4Options {
  /** `G-XXXXXXXXXX`, from the data stream. */
  readonly measurementId: string;
  /** Measurement Protocol API secret of the stream. A secret. */
  readonly apiSecret: string;
  /** `eu` receives the data in the EU; default `global`. */
  readonly region?: 'global' | 'eu' | undefined;
  /** Default by region. */
  readonly baseUrl?: string | undefined;
  /**
   * For events without the browser's client ID: `derive` (default) a stable one from the person, or
   * `skip` them. Either is named in the receipt.
   */
  readonly whenClientIdMissing?: WhenClientIdMissing | undefined;
  /** Sends the visitor's IP as `ip_override`, from which Google finds the place; default off. */
  readonly sendIpAddress?: boolean | undefined;
  /** Sends the visitor's user agent; default off. */
  readonly sendUserAgent?: boolean | undefined;
  /** Asks Google's validation server instead: its messages become the outcome and **nothing is counted**. */
  readonly validate?: boolean | undefined;
  /** Shows events in DebugView. */
  readonly debugMode?: boolean | undefined;
  /** Sends subscription renewals as `purchase` with the invoice as transaction; default off. */
  readonly renewalsAsPurchase?: boolean | undefined;
}

export type Ga4Settings = Required<Omit<Ga4Options, 'region'>>;

export const GA4_ENV = {
  measurementId: 'GA4_MEASUREMENT_ID',
  apiSecret: 'GA4_API_SECRET',
  region: 'GA4_REGION',
  baseUrl: 'GA4_BASE_URL',
} as const;

/** Receives and processes in the EU. */
export const GA4_EU_HOST = 'region1.google-analytics.com';

const ORIGINS = {
  global: 'https://www.google-analytics.com',
  eu: `https://${GA4_EU_HOST}`,
} as const;

export function resolveGa4Options(reader: OptionReader): Ga4Settings | undefined {
  reader.rejectUnknown([
    'measurementId',
    'apiSecret',
    'region',
    'baseUrl',
    'whenClientIdMissing',
    'sendIpAddress',
    'sendUserAgent',
    'validate',
    'debugMode',
    'renewalsAsPurchase',
  ]);
  const isEnabled = reader.hasCredentials(['measurementId', 'apiSecret'], GA4_ENV);
  const measurementId = reader.text(
    'measurementId',
    /^G-[A-Z0-9]{1,20}$/,
    'a measurement ID such as G-ABC1234567',
  );
  const apiSecret = reader.secret('apiSecret');
  const region = reader.oneOf('region', ['global', 'eu'], 'global');
  const settings = {
    baseUrl: reader.url('baseUrl') ?? ORIGINS[region],
    whenClientIdMissing: reader.oneOf('whenClientIdMissing', ['derive', 'skip'], 'derive'),
    sendIpAddress: reader.flag('sendIpAddress', false),
    sendUserAgent: reader.flag('sendUserAgent', false),
    validate: reader.flag('validate', false),
    debugMode: reader.flag('debugMode', false),
    renewalsAsPurchase: reader.flag('renewalsAsPurchase', false),
  };
  if (!isEnabled || measurementId === undefined || apiSecret === undefined) return undefined;
  return { measurementId, apiSecret, ...settings };
}
