import type { IncomingMessage } from 'node:http';

export type PlatformName = 'meta' | 'tiktok' | 'ga4' | 'serverGtm';

/** How a platform behaves for the requests to come. */
export type PlatformBehavior =
  /** Answers as the platform documents it for a good request. */
  | { readonly kind: 'success' }
  /** Refuses the request because of what it holds; `index` names the bad event where the platform can. */
  | { readonly kind: 'validation-error'; readonly index?: number | undefined }
  | { readonly kind: 'throttle'; readonly retryAfter?: string | undefined }
  /** The token was revoked. */
  | { readonly kind: 'auth-error' }
  /** HTTP 503 with an HTML page. */
  | { readonly kind: 'outage' }
  /** Answers well, after a while. */
  | {
      readonly kind: 'slow';
      readonly headersAfterMs?: number | undefined;
      readonly bodyAfterMs?: number | undefined;
    }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Closes the connection without an answer. */
  | { readonly kind: 'reset' }
  /** A redirect, which nobody should follow. */
  | { readonly kind: 'redirect'; readonly location: string }
  /** A body of so many bytes. */
  | { readonly kind: 'flood'; readonly bytes: number }
  /** Anything else. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string> | undefined;
      readonly body?: string | undefined;
    };

export interface PlatformAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Which platform a request is for, by its path. */
export function platformOf(
  request: Pick<IncomingMessage, 'url' | 'headers'>,
): PlatformName | undefined {
  const path = request.url?.split('?')[0] ?? '';
  if (/^(?:\/meta)?\/v\d+\.\d+\/\d+\/events$/.test(path)) return 'meta';
  if (/\/v\d+\.\d+\/event\/track\/$/.test(path)) return 'tiktok';
  if (/^\/gtm(?:\/debug)?\/mp\/collect$/.test(path)) return 'serverGtm';
  return path.endsWith('/mp/collect') ? 'ga4' : undefined;
}

/** The answer of a platform that behaves so; `undefined` where none is given. */
export function answerOf(
  platform: PlatformName,
  behavior: PlatformBehavior,
  body: unknown,
  isValidation: boolean,
): PlatformAnswer | undefined {
  switch (behavior.kind) {
    case 'success':
    case 'slow':
      return success(platform, body, isValidation);
    case 'validation-error':
      return VALIDATION_ERRORS[platform](behavior.index, isValidation);
    case 'throttle':
      return throttled(platform, behavior.retryAfter);
    case 'auth-error':
      return AUTH_ERRORS[platform];
    case 'outage':
      return {
        status: 503,
        headers: { 'Content-Type': 'text/html' },
        body: '<html><body>Service Unavailable</body></html>',
      };
    case 'redirect':
      return { status: 302, headers: { Location: behavior.location }, body: '' };
    case 'answer':
      return {
        status: behavior.status,
        headers: behavior.headers ?? {},
        body: behavior.body ?? '',
      };
    case 'hang':
    case 'reset':
    case 'flood':
      return undefined;
  }
}

function success(platform: PlatformName, body: unknown, isValidation: boolean): PlatformAnswer {
  switch (platform) {
    case 'meta':
      return json(200, { events_received: eventsIn(body), messages: [], fbtrace_id: 'AbCdEf123' });
    case 'tiktok':
      return json(200, {
        code: 0,
        message: 'OK',
        request_id: '20260115100000010203040506',
        data: {},
      });
    case 'ga4':
    case 'serverGtm':
      return isValidation
        ? json(200, { validationMessages: [] })
        : { status: 204, headers: {}, body: '' };
  }
}

const VALIDATION_ERRORS: Readonly<
  Record<PlatformName, (index: number | undefined, isValidation: boolean) => PlatformAnswer>
> = {
  meta: (index) =>
    json(400, {
      error: {
        message: 'Invalid parameter',
        type: 'OAuthException',
        code: 100,
        error_subcode: 2804003,
        is_transient: false,
        error_user_title: 'Event Timestamp Too Old',
        error_user_msg: 'The timestamp for this event is too far in the past.',
        ...(index !== undefined && {
          error_data: { blame_field_specs: [['data', index, 'event_time']] },
        }),
        fbtrace_id: 'A6UyExample',
      },
    }),
  tiktok: (index) =>
    json(200, {
      code: 40002,
      message:
        index === undefined
          ? 'Invalid parameters'
          : `Batch.${index}.properties.contents.0.content_id: Not a valid string`,
      request_id: '20260115100000010203040506',
      data: {},
    }),
  ga4: (_index, isValidation) =>
    isValidation
      ? json(200, {
          validationMessages: [
            {
              fieldPath: 'events',
              description: 'Event at index: [0] has invalid name [_badEventName].',
              validationCode: 'NAME_INVALID',
            },
          ],
        })
      : { status: 400, headers: {}, body: '' },
  serverGtm: () => ({ status: 400, headers: {}, body: '' }),
};

const AUTH_ERRORS: Readonly<Record<PlatformName, PlatformAnswer>> = {
  meta: json(400, {
    error: {
      message: 'Error validating access token: Session has expired',
      type: 'OAuthException',
      code: 190,
      error_subcode: 463,
      fbtrace_id: 'A6UyExample',
    },
  }),
  tiktok: json(200, {
    code: 40105,
    message: 'Access token is incorrect or has been revoked.',
    request_id: '20260115100000010203040506',
    data: {},
  }),
  ga4: { status: 403, headers: {}, body: '' },
  serverGtm: { status: 401, headers: {}, body: '' },
};

function throttled(platform: PlatformName, retryAfter: string | undefined): PlatformAnswer {
  const headers: Record<string, string> =
    retryAfter === undefined ? {} : { 'Retry-After': retryAfter };
  switch (platform) {
    case 'meta':
      return json(
        400,
        {
          error: {
            message: 'Application request limit reached',
            type: 'OAuthException',
            code: 4,
            fbtrace_id: 'A6UyExample',
          },
        },
        headers,
      );
    case 'tiktok':
      return json(
        200,
        {
          code: 40100,
          message: 'Too many requests. Please retry in some time.',
          request_id: '20260115100000010203040506',
        },
        headers,
      );
    case 'ga4':
    case 'serverGtm':
      return { status: 429, headers, body: '' };
  }
}

function eventsIn(body: unknown): number {
  const data =
    typeof body === 'object' && body !== null ? (body as { data?: unknown }).data : undefined;
  return Array.isArray(data) ? data.length : 0;
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): PlatformAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}
