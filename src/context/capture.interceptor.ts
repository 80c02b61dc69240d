import {
  Inject,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Observable } from 'rxjs';

import { TRACKING_REQUEST_SCOPE } from '../tracking.tokens';
import { findRequest } from './request-parts';
import type { RequestScope } from './request-scope';

/**
 * Opens the scope where no HTTP server has done so: WebSocket messages, GraphQL subscriptions, microservices
 * whose messages carry headers. Behind a server's hook it does nothing.
 *
 * The module applies it by itself; Nest 11 does not do so for gateways, which then name it:
 * `@UseInterceptors(CaptureInterceptor)`.
 */
@Injectable()
export class CaptureInterceptor implements NestInterceptor {
  constructor(@Inject(TRACKING_REQUEST_SCOPE) private readonly scope: RequestScope) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { scope } = this;
    if (!scope.isCapturing || scope.current() !== undefined) return next.handle();
    const request = tryToFind(context);
    if (request === undefined) return next.handle();
    return new Observable((subscriber) =>
      scope.run(request, () => next.handle().subscribe(subscriber)),
    );
  }
}

function tryToFind(context: ExecutionContext): object | undefined {
  try {
    return findRequest(context);
  } catch {
    return undefined;
  }
}
