import type { HttpAnswer } from './http-answer';

/** One attempt; it tells its answer once. */
export type PostOnce = (answered: (answer: HttpAnswer) => void) => void;

/** A kept connection broke off. Nearly always it was idle and closed, but nobody knows for sure. */
export const STALE_CONNECTION: HttpAnswer = noAnswer('ECONNRESET', true);

export function noAnswer(reason: string, mayHaveArrived: boolean): HttpAnswer {
  return { kind: 'no-answer', reason, mayHaveArrived };
}

/**
 * Posts, and where that met a stale connection once more: the server most likely closed it while we wrote to it, which is no
 * word on the platform.
 */
export function postOnceMore(
  signal: AbortSignal,
  mayRepeat: () => boolean,
  postOnce: PostOnce,
): Promise<HttpAnswer> {
  const post: PostOnce = (answered) => {
    if (signal.aborted) answered(noAnswer('cut off before it was sent', false));
    else postOnce(answered);
  };
  return new Promise((resolve) => {
    post((answer) => {
      if (answer === STALE_CONNECTION && mayRepeat()) post(resolve);
      else resolve(answer);
    });
  });
}
