import { ga4Destination } from './ga4/ga4.destination';
import { metaDestination } from './meta/meta.destination';
import { serverGtmDestination } from './server-gtm/server-gtm.destination';
import { tiktokDestination } from './tiktok/tiktok.destination';

/** Every destination, one line each: options, environment, provider and click IDs follow from it. */
export const CATALOG = [
  metaDestination,
  tiktokDestination,
  ga4Destination,
  serverGtmDestination,
] as const;
