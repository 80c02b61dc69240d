import {
  createParamDecorator,
  Inject,
  Injectable,
  type ExecutionContext,
  type PipeTransform,
} from '@nestjs/common';

import type { RequestContext } from '../events/request-context';
import { TRACKING_REQUEST_SCOPE } from '../tracking.tokens';
import type { RequestScope } from './request-scope';

/** Reads with the module's options, which a decorator by itself does not know. */
@Injectable()
export class ReadContextPipe implements PipeTransform<ExecutionContext, RequestContext> {
  constructor(@Inject(TRACKING_REQUEST_SCOPE) private readonly scope: RequestScope) {}

  transform(context: ExecutionContext): RequestContext {
    return this.scope.contextOf(context);
  }
}

const HandlerContext = createParamDecorator((_data: unknown, context: ExecutionContext) => context);

/**
 * What the request being served can tell, as a parameter of a handler: of HTTP, GraphQL and WebSocket. The
 * same as `readRequest(request)`, read once.
 */
export function TrackingContext(): ParameterDecorator {
  return HandlerContext(ReadContextPipe);
}
