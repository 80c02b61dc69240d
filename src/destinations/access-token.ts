import { errorName } from '../events/problem';
import type { DeliveryOutcome } from './destination';

/**
 * A platform's access token, or what fetches it: a function is asked before every attempt (and should
 * remember its answer), so that a rotated token needs no restart.
 */
export type AccessToken = string | (() => string | Promise<string>);

/** Printable, no spaces, because it travels in a header or a body. */
export const TOKEN_FORM = /^[\x21-\x7e]{1,1024}$/;

/**
 * The token for one attempt, or why there is none. Never rejects.
 *
 * @param signal ends the attempt, also where the function never answers.
 */
export async function fetchToken(
  token: () => string | Promise<string>,
  signal: AbortSignal,
): Promise<string | DeliveryOutcome> {
  let stopWaiting = (): void => undefined;
  const cutOff = new Promise<typeof CUT_OFF>((resolve) => {
    const onAbort = () => {
      resolve(CUT_OFF);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    stopWaiting = () => {
      signal.removeEventListener('abort', onAbort);
    };
  });
  try {
    const fetched: unknown = await Promise.race([token(), cutOff]);
    if (fetched === CUT_OFF)
      return { kind: 'retryable', reason: 'the access token did not come in time' };
    if (typeof fetched === 'string' && TOKEN_FORM.test(fetched.trim())) return fetched.trim();
    return { kind: 'permanent', reason: 'the function for the access token returned none' };
  } catch (error) {
    const reason = `the function for the access token failed: ${errorName(error)}`;
    return { kind: 'retryable', reason };
  } finally {
    stopWaiting();
  }
}

const CUT_OFF = Symbol('cut off');
