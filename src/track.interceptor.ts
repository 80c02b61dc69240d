import {
  Inject,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type LoggerService,
  type NestInterceptor,
} from '@nestjs/common';
import { tap, type Observable } from 'rxjs';

import type { RequestScope } from './context/request-scope';
import { errorName } from './events/problem';
import type { TrackingEvent } from './events/tracking-event';
import { ServerTrackingService } from './server-tracking.service';
import type { HandledCall, TrackedEvent } from './tracked-event';
import { TRACKED_EVENT, TRACKING_LOGGER, TRACKING_REQUEST_SCOPE } from './tracking.tokens';

/** Behind `@Track()`. */
@Injectable()
export class TrackInterceptor implements NestInterceptor {
  constructor(
    @Inject(ServerTrackingService) private readonly tracking: ServerTrackingService,
    @Inject(TRACKING_REQUEST_SCOPE) private readonly scope: RequestScope,
    @Inject(TRACKING_LOGGER) private readonly logger: LoggerService,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const tracked = Reflect.getMetadata(TRACKED_EVENT, context.getHandler()) as
      TrackedEvent | undefined;
    if (tracked === undefined) return next.handle();
    let result: unknown;
    return next.handle().pipe(
      tap({
        next: (value) => {
          result = value;
        },
        complete: () => {
          if (hasSucceeded(context))
            void this.track(tracked, { result, payload: payloadOf(context), context });
        },
      }),
    );
  }

  private async track({ name, map, options }: TrackedEvent, call: HandledCall): Promise<void> {
    // Read before anything is awaited: the request is the handler's, and may soon be over.
    const context = this.scope.contextOf(call.context);
    let input: object | undefined;
    try {
      input = map === undefined ? {} : ((await map(call)) as object | undefined);
    } catch (error) {
      this.logger.warn(`tracking: the map of @Track('${name}') failed: ${errorName(error)}`);
      return;
    }
    if (input !== undefined)
      await this.tracking.track({ context, ...input, name } as TrackingEvent, options);
  }
}

function payloadOf(context: ExecutionContext): unknown {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getRequest<{ body?: unknown } | undefined>()?.body;
    case 'graphql':
      return context.getArgByIndex(1);
    case 'ws':
      return context.switchToWs().getData();
    default:
      return context.switchToRpc().getData();
  }
}

/** A handler may answer with an error without throwing one. */
function hasSucceeded(context: ExecutionContext): boolean {
  if (context.getType() !== 'http') return true;
  const response = context.switchToHttp().getResponse<{ statusCode?: unknown } | undefined>();
  const status = response?.statusCode;
  return typeof status !== 'number' || status < 400;
}
