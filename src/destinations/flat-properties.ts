import type { Problem } from '../events/problem';
import type { JsonObject } from '../events/properties';

export type Scalar = string | number | boolean;

/**
 * The host's free properties as platforms take them: text, numbers and booleans. What is nested, or has
 * the name of a field that the platform defines, is left out and named.
 */
export function flatProperties(
  properties: JsonObject | undefined,
  reserved: (key: string) => boolean,
  destination: string,
  notes: Problem[],
): Readonly<Record<string, Scalar>> {
  if (properties === undefined) return NONE;
  const kept: Record<string, Scalar> = {};
  for (const [key, value] of Object.entries(properties)) {
    if (value === null) continue;
    if (reserved(key)) {
      notes.push({
        field: `properties.${key}`,
        code: 'conflict',
        message: `${destination} defines this name itself; left out`,
      });
    } else if (typeof value === 'object') {
      notes.push({
        field: `properties.${key}`,
        code: 'unsupported',
        message: `${destination} takes no nested values; left out`,
      });
    } else {
      kept[key] = value;
    }
  }
  return kept;
}

const NONE: Readonly<Record<string, Scalar>> = {};
