export { TrackingModule } from './tracking.module';
export type {
  TrackingModuleAsyncOptions,
  TrackingModuleExtras,
  TrackingOptionsFactory,
} from './tracking.module';
export type {
  ConsentOptions,
  ContextOptions,
  DestinationName,
  DestinationOptions,
  PrivacyOptions,
  TrackingModuleOptions,
  TrackingStorage,
} from './tracking.options';
export { optionsFromEnv } from './tracking.env';
export type { EnvReader } from './tracking.env';
export { InvalidOptionsError } from './tracking.error';
export { ServerTrackingService } from './server-tracking.service';
export type { FlushReport } from './server-tracking.service';
export { DeadLetterService } from './dead-letter.service';
export type { ListedDeadLetter } from './dead-letter.service';
export type { DestinationStatus, TrackingStatus } from './tracking-status';
export { systemClock } from './clock';
export type { Clock } from './clock';

export { MetaConversionsService } from './destinations/meta/meta-conversions.service';
export { TikTokEventsService } from './destinations/tiktok/tiktok-events.service';
export { Ga4MeasurementService } from './destinations/ga4/ga4-measurement.service';
export { ServerGtmService } from './destinations/server-gtm/server-gtm.service';
export type { MetaOptions } from './destinations/meta/meta.options';
export type { TikTokOptions } from './destinations/tiktok/tiktok.options';
export type { Ga4Options } from './destinations/ga4/ga4.options';
export type { ServerGtmOptions } from './destinations/server-gtm/server-gtm.options';
export type { DeliveryOptions, LaneOverrides } from './delivery/delivery.options';
export type {
  DeliveryOutcome,
  Destination,
  DestinationLimits,
  Encoding,
} from './destinations/destination';

export type { Consent, ConsentPurpose, ConsentState } from './events/consent';
export { fromMinorUnits, minorUnitDecimals } from './events/minor-units';
export { splitFullName } from './events/full-name';
export type { NameParts } from './events/full-name';
export type { Item } from './events/item';
export type { JsonValue } from './events/json-value';
export type { Problem, ProblemCode } from './events/problem';
export type { ProtectedEvent } from './events/protected-event';
export type { DestinationReceipt, TrackOptions, TrackReceipt } from './events/receipt';
export type {
  ClickIds,
  ContextRef,
  IncomingRequest,
  RequestContext,
} from './events/request-context';
export type {
  AddPaymentInfoInput,
  AddShippingInfoInput,
  BeginCheckoutInput,
  CartInput,
  ContactInput,
  CustomInput,
  EventInput,
  EventName,
  InputOf,
  LeadInput,
  LoginInput,
  PageViewInput,
  PurchaseInput,
  RefundInput,
  RegistrationInput,
  SearchInput,
  SubscriptionInput,
  SubscriptionPhase,
  TrackingEvent,
  ViewItemInput,
  ViewItemListInput,
} from './events/tracking-event';
export type { UserData } from './events/user-data';
export type { WireEvent } from './events/wire-event';
export type { ContextStore } from './context/context-store';
export type { TrustProxy } from './context/client-ip';
export type { ActivityListener, TrackingActivity } from './outbox/activity';
export type {
  AppendResult,
  Consumer,
  DeadLetter,
  DeadLetterQuery,
  EntryHandler,
  LaneOptions,
  LaneStats,
  LeasedEntry,
  NextStep,
  Outbox,
  OutboxEntry,
  Settlement,
} from './outbox/outbox';
export { MemoryOutbox } from './outbox/memory-outbox';
export type { MemoryOutboxOptions } from './outbox/memory-outbox';
