export { TrackingModule } from './tracking.module';
export type {
  TrackingModuleAsyncOptions,
  TrackingModuleExtras,
  TrackingOptionsFactory,
} from './tracking.module';
export type { ConsentOptions, ResolveConsent } from './consent.options';
export type {
  AuditOptions,
  ContextOptions,
  DestinationName,
  DestinationOptions,
  PrivacyOptions,
  TrackingModuleOptions,
  TrackingStorage,
  TransportName,
} from './tracking.options';
export type { BotPolicy } from './privacy/bot-gate';
export type { MinimizationOptions, UserField } from './privacy/minimization.options';
export type { TestEventsOptions } from './test-events.options';
export { optionsFromEnv } from './tracking.env';
export type { EnvReader } from './tracking.env';
export { InvalidOptionsError } from './tracking.error';
export { ServerTrackingService } from './server-tracking.service';
export type { FlushReport } from './server-tracking.service';
export type { IdentifiedVisitor } from './event-contexts';
export type { SaveContextOptions } from './context/save-context.options';
export type { ConsentControl, ErasureReport, PersonExport } from './people';
export type { Withdrawal } from './privacy/consent-register';
export type { DestinationStats, MatchQuality } from './match-quality';
export type {
  BrowserEvent,
  DeduplicationCause,
  DeduplicationFinding,
  DeduplicationReport,
} from './dedup-check';
export type { VisitorOptions } from './visitor.options';
export { Track } from './track.decorator';
export type { TrackDecoratorOptions } from './track.decorator';
export type { HandledCall } from './tracked-event';
export { CaptureInterceptor } from './context/capture.interceptor';
export { TrackingContext } from './context/tracking-context.decorator';
export type { CaptureRequests } from './context/request-scope';
export type { OutgoingResponse } from './context/visitor-cookies';
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
  MatchKeys,
} from './destinations/destination';

export type { Consent, ConsentPurpose, ConsentState } from './events/consent';
export type { ConsentReader } from './consent/consent-reader';
export type { OneTrustGroups, OneTrustMeaning } from './consent/onetrust';
export type { DestinationConsentPolicy } from './privacy/consent-gate';
export { OPT_IN_REGIONS } from './privacy/opt-in-regions';
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
export type { TrustProxy } from './context/client-ip';
export type { ActivityListener, TrackingActivity } from './outbox/activity';
export type {
  AppendResult,
  Consumer,
  DeadLetter,
  DeadLetterQuery,
  ApplySteps,
  EntryHandler,
  KeptEvent,
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
export { MemoryRecordStore } from './records/memory-record-store';
export type { RecordStore, StoredRecord } from './records/record-store';
