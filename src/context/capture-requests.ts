import type { RequestScope } from './request-scope';
import type { OutgoingResponse } from './visitor-cookies';

/** Of Nest's adapters, by shape, so that no framework is needed. */
export interface HttpAdapter {
  getType(): string;
  getInstance(): unknown;
  use(middleware: (request: object, response: OutgoingResponse, next: () => void) => void): unknown;
}

interface FastifyInstance {
  addHook(
    name: 'onRequest' | 'preValidation',
    hook: (request: object, reply: OutgoingResponse, done: () => void) => void,
  ): void;
}

/**
 * Opens the scope around every request of an HTTP server, before its routes are called. Reads no body and
 * changes nothing of the request; cookies are written to the answer where visitors are recognised.
 */
export function captureRequests(adapter: HttpAdapter, scope: RequestScope): void {
  if (adapter.getType() === 'fastify') {
    const fastify = adapter.getInstance() as FastifyInstance;
    fastify.addHook('onRequest', (request, reply, done) => {
      scope.run(request, done, reply);
    });
    // A body arrives by the connection's events, which are outside of the scope: it is entered again.
    fastify.addHook('preValidation', (request, _reply, done) => {
      scope.run(request, done);
    });
    return;
  }
  adapter.use((request, response, next) => {
    scope.run(request, next, response);
  });
}
