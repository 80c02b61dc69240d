import { optionsFromEnv } from 'nestjs-server-tracking';

/** Every variable that the library reads: asked of the library itself, so that none is forgotten. */
export function trackingVariables(): readonly string[] {
  const names: string[] = [];
  optionsFromEnv((name) => {
    names.push(name);
    return undefined;
  });
  return names;
}

/**
 * Sets up the environment of this process. Tracking variables that a developer's shell or `.env` holds
 * are emptied, which is the same to the library as not set: a demo must not reach real accounts.
 */
export function useDemoEnvironment(values: Readonly<Record<string, string>>): void {
  for (const name of trackingVariables()) process.env[name] = '';
  Object.assign(process.env, values);
}
