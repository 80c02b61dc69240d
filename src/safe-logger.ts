import type { LoggerService } from '@nestjs/common';

/** The host's logger, which may throw: a log line must not cost an event. */
export function safeLogger(logger: LoggerService): LoggerService {
  const guarded = (write: (message: string) => void) => (message: string) => {
    try {
      write(message);
    } catch {
      // There is nobody left to tell.
    }
  };
  return {
    log: guarded((message) => {
      logger.log(message);
    }),
    warn: guarded((message) => {
      logger.warn(message);
    }),
    error: guarded((message) => {
      logger.error(message);
    }),
  };
}
