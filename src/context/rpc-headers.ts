/**
 * The headers that travel with a microservice's message, by the shapes of Nest's contexts: NATS, Kafka,
 * RabbitMQ, and gRPC's metadata. `undefined` for transports without any.
 */
export function rpcHeaders(context: unknown): Readonly<Record<string, string>> | undefined {
  const found =
    call(context, 'getMap') ??
    call(context, 'getHeaders') ??
    headersOfMessage(call(context, 'getMessage'));
  if (typeof found !== 'object' || found === null) return undefined;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(found)) {
    const text = textOf(value);
    if (text !== undefined) headers[name.toLowerCase()] = text;
  }
  return headers;
}

function call(target: unknown, method: string): unknown {
  const found = (target as Readonly<Record<string, unknown>> | null | undefined)?.[method];
  return typeof found === 'function' ? (found as () => unknown).call(target) : undefined;
}

function headersOfMessage(message: unknown): unknown {
  const { headers, properties } = (message ?? {}) as {
    headers?: unknown;
    properties?: { headers?: unknown };
  };
  return headers ?? properties?.headers;
}

/** Kafka gives bytes. */
function textOf(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' || Buffer.isBuffer(first) ? first.toString() : undefined;
}
