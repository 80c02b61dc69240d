/** What came back from one request. No answer is a value, not an exception. */
export type HttpAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** Lower-case names. */
      readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
      /** The body, if it was JSON of a bearable size; else `undefined`. */
      readonly json: unknown;
    }
  | {
      readonly kind: 'no-answer';
      /** What happened, by code and host; never a URL, a header or a body. */
      readonly reason: string;
      /** Whether the platform may have got the request all the same. */
      readonly mayHaveArrived: boolean;
    };

/** One named field of a JSON object, or `undefined`. */
export function fieldOf(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null
    ? (json as Record<string, unknown>)[name]
    : undefined;
}

/**
 * The wait that `Retry-After` asks for, in milliseconds: seconds or an HTTP date. `undefined` for what
 * is neither, is negative or is past.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function retryAfterMs(answer: HttpAnswer, nowMs: number): number | undefined {
  if (answer.kind === 'no-answer') return undefined;
  const header = answer.headers['retry-after'];
  const text = (typeof header === 'string' ? header : header?.[0])?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1_000;
  if (/^[-+.\d]/.test(text)) return undefined;
  const untilMs = Date.parse(text) - nowMs;
  return untilMs > 0 ? untilMs : undefined;
}

/** A short account of an answer for logs and dead letters: status only, because texts may echo input. */
export function describeAnswer(answer: HttpAnswer): string {
  return answer.kind === 'no-answer' ? answer.reason : `HTTP ${answer.status}`;
}
