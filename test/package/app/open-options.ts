import type * as main from 'nestjs-server-tracking';
import type * as audit from 'nestjs-server-tracking/audit';
import type * as stripe from 'nestjs-server-tracking/stripe';
import type * as testing from 'nestjs-server-tracking/testing';

import type { RefusedKeys } from './refused-keys.js';

type None<T extends never> = T;
/** Other people's types, and objects with methods. */
type Foreign = 'httpService' | 'storage' | 'logger' | 'clock' | 'heads' | 'imports';
type Refused<T> = RefusedKeys<Omit<T, Foreign>>;

/** Each of these is an error as soon as one option cannot be given as `undefined`. */
export type Open = [
  None<Refused<main.TrackingModuleOptions>>,
  None<Refused<main.TrackingModuleAsyncOptions>>,
  None<Refused<main.TrackOptions>>,
  None<Refused<main.TrackDecoratorOptions<'purchase', unknown>>>,
  None<Refused<main.SaveContextOptions>>,
  None<Refused<main.IncomingRequest>>,
  None<Refused<main.DeadLetterQuery>>,
  None<Refused<main.BrowserEvent>>,
  None<
    RefusedKeys<Pick<main.Destination, 'limitsPersonalizationIn' | 'usesConsent' | 'matchKeys'>>
  >,
  None<{ [Name in main.EventName]: Refused<main.InputOf<Name>> }[main.EventName]>,
  None<Refused<audit.AuditLogOptions>>,
  None<Refused<audit.AuditQuery>>,
  None<Refused<stripe.StripeTrackingOptions>>,
  None<Refused<stripe.StripeTrackingModuleExtras>>,
  None<Refused<stripe.CheckoutMetadataOptions>>,
  None<Refused<stripe.CheckoutParamsLike>>,
  None<Refused<stripe.StripeEventLike>>,
  None<Refused<stripe.StripeEventOverrides>>,
  None<Refused<testing.PlatformBehavior>>,
];
