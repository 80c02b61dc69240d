import type { HttpService } from '@nestjs/axios';

import { parseJson } from './answer-body';
import type { HttpAnswer } from './http-answer';
import { codeOf, cutOffBy, didNotArrive } from './network-errors';

/** Codes of axios for a request that its own deadline or our signal ended. */
const CUT_OFF = new Set(['ERR_CANCELED', 'ECONNABORTED', 'ETIMEDOUT']);

/** Posts through axios, with whatever interceptors, adapter, agents and proxy the host gave it. */
export async function axiosPost(
  axios: HttpService['axiosRef'],
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  signal: AbortSignal,
  maxAnswerBytes: number,
): Promise<HttpAnswer> {
  try {
    const response = await axios.request<unknown>({
      method: 'POST',
      url,
      headers,
      // A text, as interceptors know it.
      data: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'),
      signal,
      responseType: 'text',
      transformRequest: [(data: unknown) => data],
      transformResponse: [(data: unknown) => data],
      validateStatus: () => true,
      maxRedirects: 0,
      maxContentLength: maxAnswerBytes,
      maxBodyLength: Infinity,
    });
    return {
      kind: 'answered',
      status: response.status,
      headers: plainHeaders(response.headers),
      json: typeof response.data === 'string' ? parseJson(response.data) : response.data,
    };
  } catch (error) {
    return readFailure(error, signal);
  }
}

function readFailure(error: unknown, signal: AbortSignal): HttpAnswer {
  // An interceptor may reject with the response that it did not like.
  const response = (
    error as { response?: { status?: unknown; headers?: unknown; data?: unknown } } | undefined
  )?.response;
  if (response !== undefined && typeof response.status === 'number') {
    const json = typeof response.data === 'string' ? parseJson(response.data) : response.data;
    return {
      kind: 'answered',
      status: response.status,
      headers: plainHeaders(response.headers),
      json,
    };
  }
  const code = codeOf(error);
  return {
    kind: 'no-answer',
    reason: CUT_OFF.has(code) ? cutOffBy(signal) : code,
    mayHaveArrived: !didNotArrive(code),
  };
}

function plainHeaders(headers: unknown): Record<string, string | undefined> {
  const plain: Record<string, string | undefined> = {};
  if (typeof headers !== 'object' || headers === null) return plain;
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') plain[name.toLowerCase()] = value;
  }
  return plain;
}
