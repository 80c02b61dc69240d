export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
  readonly tookMs: number;
  /** As the shop wants them written: `_fbp=…; Path=/; …`. */
  readonly cookies: readonly string[];
}

/** One HTTP request with a JSON answer. */
export async function ask<Body>(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<Answer<Body>> {
  const startedAtMs = performance.now();
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    body,
  });
  const answer = (await response.json()) as Body;
  return {
    status: response.status,
    body: answer,
    tookMs: performance.now() - startedAtMs,
    cookies: response.headers.getSetCookie(),
  };
}
