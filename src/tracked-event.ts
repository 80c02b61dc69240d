import type { ExecutionContext } from '@nestjs/common';

import type { TrackOptions } from './events/receipt';
import type { EventName } from './events/tracking-event';

/** A handler's call that has succeeded. */
export interface HandledCall<Result = unknown> {
  /** What the handler returned; of a stream the last value. */
  readonly result: Result;
  /** What it was given: an HTTP request's body, a GraphQL field's arguments, a message's data. */
  readonly payload: unknown;
  readonly context: ExecutionContext;
}

/** What the interceptor finds on a handler. */
export interface TrackedEvent {
  readonly name: EventName;
  readonly map: ((call: HandledCall) => unknown) | undefined;
  readonly options: TrackOptions;
}
