import { CATALOG } from './destinations/catalog';
import type { TrackingModuleOptions } from './tracking.options';

/** Looks up one environment variable. `process.env` is never read here: the host decides what it is. */
export type EnvReader = (name: string) => string | undefined;

/**
 * The options that the environment holds; the twin of `.env.example`. An empty variable is one that is
 * not set.
 *
 * @param env a record such as `process.env`, or a function such as `(name) => configService.get(name)`.
 */
export function optionsFromEnv(
  env: EnvReader | Readonly<Record<string, string | undefined>>,
): TrackingModuleOptions {
  const read = (name: string): string | undefined => {
    const value: unknown = typeof env === 'function' ? env(name) : env[name];
    // A validating ConfigModule may have turned digits into a number.
    const text = typeof value === 'number' ? String(value) : value;
    return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined;
  };
  const options: Record<string, unknown> = {};
  for (const { name, env: variables } of CATALOG) {
    const values = Object.entries(variables)
      .map(([option, variable]) => [option, read(variable)] as const)
      .filter(([, value]) => value !== undefined);
    if (values.length > 0) options[name] = Object.fromEntries(values);
  }
  const storage = read('TRACKING_STORAGE_URL') ?? read('REDIS_URL');
  if (storage !== undefined) options.storage = storage;
  const auditUrl = read('TRACKING_AUDIT_URL');
  if (auditUrl !== undefined) options.audit = { url: auditUrl };
  const transport = read('TRACKING_TRANSPORT');
  if (transport !== undefined) options.transport = transport;
  const encryptionKey = read('TRACKING_ENCRYPTION_KEY');
  if (encryptionKey !== undefined) options.encryptionKey = encryptionKey;
  const environment = read('NODE_ENV');
  if (environment !== undefined) options.environment = environment;
  const allowTestEventsUntil = read('TRACKING_ALLOW_TEST_EVENTS_UNTIL');
  if (allowTestEventsUntil !== undefined) options.allowTestEventsUntil = allowTestEventsUntil;
  const role = read('TRACKING_ROLE');
  if (role !== undefined) options.delivery = { role };
  return options;
}
