export { StripeTrackingModule } from './stripe-tracking.module';
export type { StripeTrackingModuleExtras } from './stripe-tracking.module';
export { StripeTrackingService } from './stripe-tracking.service';
export type {
  CheckoutMetadataOptions,
  StripeEventOverrides,
  StripeTrackResult,
  Visitor,
} from './stripe-tracking.service';
export type { StripeTrackingOptions } from './stripe-tracking.options';
export type { CheckoutParamsLike } from './checkout-params';
export type { StripeEventLike, StripeObjectLike } from './stripe-event';
export { TRACKING_REF } from './tracking-metadata';
