export { aContext, aPurchase, aRegistration, aUser, everyEvent } from './event-builders';
export { describeDestination } from './describe-destination';
export type { DestinationSubject } from './describe-destination';
export { describeOutbox } from './describe-outbox';
export type { OutboxSubject } from './describe-outbox';
export { FakeClock } from './fake-clock';
export type { PlatformAnswer, PlatformBehavior, PlatformName } from './platform-answers';
export { PlatformStub } from './platform-stub';
export type { ReceivedRequest } from './platform-stub';
