/** The resolved options. */
export const TRACKING_OPTIONS = Symbol('TRACKING_OPTIONS');
/** The door that every `track…()` call goes through, for the services of single destinations. */
export const TRACKING_DOOR = Symbol('TRACKING_DOOR');
/** What the service needs beside the options: destinations, storage, request reader. */
export const TRACKING_PARTS = Symbol('TRACKING_PARTS');
/** What delivery needs. */
export const TRACKING_DELIVERY_PARTS = Symbol('TRACKING_DELIVERY_PARTS');
/** The host's logger, or Nest's; never throws. */
export const TRACKING_LOGGER = Symbol('TRACKING_LOGGER');
/** Knows the request that is being served. */
export const TRACKING_REQUEST_SCOPE = Symbol('TRACKING_REQUEST_SCOPE');
/** Metadata key of handlers with `@Track()`. */
export const TRACKED_EVENT = 'nestjs-server-tracking:event';
