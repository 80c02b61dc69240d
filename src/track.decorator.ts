import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';

import type { TrackOptions } from './events/receipt';
import type { EventName, InputOf } from './events/tracking-event';
import { TrackInterceptor } from './track.interceptor';
import type { HandledCall, TrackedEvent } from './tracked-event';
import { TRACKED_EVENT } from './tracking.tokens';

export interface TrackDecoratorOptions<Name extends EventName, Result> extends TrackOptions {
  /**
   * Makes the event out of the call. `undefined`: there is nothing to track this time. Without it the
   * event has nothing but its context.
   */
  readonly map?:
    | ((
        call: HandledCall<Result>,
      ) => InputOf<Name> | undefined | Promise<InputOf<Name> | undefined>)
    | undefined;
}

/**
 * Tracks an event each time the handler has succeeded: of HTTP, GraphQL, WebSocket and microservices. A
 * handler that throws, or answers with a status of 400 or more, tracks nothing. The answer waits for nothing,
 * and a fault in `map` is one line in the log.
 *
 * ```ts
 * @Post('contact')
 * @Track('lead', { map: ({ payload }) => ({ user: { email: (payload as ContactForm).email } }) })
 * contact(@Body() form: ContactForm) { … }
 * ```
 *
 * The event's context is that of the request, whether or not `context.captureRequests` is on.
 */
export function Track<Name extends EventName, Result = unknown>(
  name: Name,
  { map, ...options }: TrackDecoratorOptions<Name, Result> = {},
): MethodDecorator {
  const tracked: TrackedEvent = {
    name,
    map: map as TrackedEvent['map'],
    options,
  };
  return applyDecorators(SetMetadata(TRACKED_EVENT, tracked), UseInterceptors(TrackInterceptor));
}
