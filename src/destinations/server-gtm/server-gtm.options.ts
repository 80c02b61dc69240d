import type { WhenClientIdMissing } from '../measurement-protocol/client-id';
import type { OptionReader } from '../option-reader';

export interface ServerGtmOptions {
  /** Where the tagging server runs: `https://sgtm.example.com`. */
  readonly containerUrl: string;
  /** `G-XXXXXXXXXX` of the stream that the container's GA4 tag uses. */
  readonly measurementId: string;
  /** Only needed where the container passes it on. A secret. */
  readonly apiSecret?: string | undefined;
  /** Path that the Measurement Protocol client of the container claims; default `/mp/collect`. */
  readonly path?: string | undefined;
  /** Shows requests in the container's preview ("Send requests manually"). A secret; debugging only. */
  readonly previewToken?: string | undefined;
  /** See `ga4.whenClientIdMissing`; default `derive`. */
  readonly whenClientIdMissing?: WhenClientIdMissing | undefined;
  /** Sends subscription renewals as `purchase` with the invoice as transaction; default off. */
  readonly renewalsAsPurchase?: boolean | undefined;
}

export type ServerGtmSettings = Required<Omit<ServerGtmOptions, 'apiSecret' | 'previewToken'>> &
  Pick<ServerGtmOptions, 'apiSecret' | 'previewToken'>;

export const SERVER_GTM_ENV = {
  containerUrl: 'GTM_SERVER_CONTAINER_URL',
  measurementId: 'GTM_MEASUREMENT_ID',
  apiSecret: 'GTM_API_SECRET',
} as const;

export function resolveServerGtmOptions(reader: OptionReader): ServerGtmSettings | undefined {
  reader.rejectUnknown([
    'containerUrl',
    'measurementId',
    'apiSecret',
    'path',
    'previewToken',
    'whenClientIdMissing',
    'renewalsAsPurchase',
  ]);
  const isEnabled = reader.hasCredentials(['containerUrl', 'measurementId'], SERVER_GTM_ENV);
  const containerUrl = reader.url('containerUrl');
  const measurementId = reader.text(
    'measurementId',
    /^G-[A-Z0-9]{1,20}$/,
    'a measurement ID such as G-ABC1234567',
  );
  const settings = {
    apiSecret: reader.secret('apiSecret'),
    path: reader.text('path', /^\/[\w./-]*$/, 'a path such as /mp/collect') ?? '/mp/collect',
    previewToken: reader.secret('previewToken'),
    whenClientIdMissing: reader.oneOf('whenClientIdMissing', ['derive', 'skip'], 'derive'),
    renewalsAsPurchase: reader.flag('renewalsAsPurchase', false),
  };
  if (!isEnabled || containerUrl === undefined || measurementId === undefined) return undefined;
  return { containerUrl, measurementId, ...settings };
}
