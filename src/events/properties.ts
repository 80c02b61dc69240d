import type { FieldReader } from './field-reader';
import type { JsonValue } from './json-value';
import { kindOf } from './problem';

export type JsonObject = Record<string, JsonValue>;

const MAX_PROPERTIES = 100;
const MAX_DEPTH = 4;
const MAX_TEXT_LENGTH = 2_000;
const MAX_ARRAY_LENGTH = 200;

/**
 * Copies the host's free properties as plain JSON. What JSON cannot say, what is too deep or too
 * large, and keys that could reach a prototype are left out and named.
 */
export function readProperties(input: FieldReader): JsonObject | undefined {
  const source = input.raw('properties');
  if (source === undefined) return undefined;
  if (typeof source !== 'object' || Array.isArray(source)) {
    input.note('properties', 'invalid', `expected an object, got ${kindOf(source)}`);
    return undefined;
  }
  const copier = new JsonCopier(input);
  const copy = copier.object(source as object, 'properties', 0);
  return Object.keys(copy).length > 0 ? copy : undefined;
}

/** No @ among them: a key is printed where its value is wrong. */
const USABLE_KEY = /^[\p{L}\p{N}_ .$-]{1,100}$/u;

class JsonCopier {
  private left = MAX_PROPERTIES;

  constructor(private readonly input: FieldReader) {}

  object(source: object, path: string, depth: number): JsonObject {
    const copy: JsonObject = {};
    for (const key of this.keysOf(source, path)) {
      if (this.left === 0) {
        this.input.note(
          path,
          'too_long',
          `expected at most ${MAX_PROPERTIES} values, the rest is dropped`,
        );
        break;
      }
      this.left -= 1;
      const value = this.value(source, key, path, depth);
      if (value !== undefined) copy[key] = value;
    }
    return copy;
  }

  private value(source: object, key: string, parent: string, depth: number): JsonValue | undefined {
    const path = `${parent}.${key}`;
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
      return this.drop(parent, 'has a key that could reach a prototype');
    }
    if (!USABLE_KEY.test(key)) {
      return this.drop(
        parent,
        'has a key that is not of up to 100 letters, digits, spaces, _ . $ or -',
      );
    }
    let value: unknown;
    try {
      value = (source as Record<string, unknown>)[key];
    } catch {
      this.input.note(path, 'unreadable', 'reading it threw an error');
      return undefined;
    }
    switch (typeof value) {
      case 'string':
        return value.length <= MAX_TEXT_LENGTH
          ? value
          : this.drop(path, `expected at most ${MAX_TEXT_LENGTH} characters, got ${value.length}`);
      case 'boolean':
        return value;
      case 'undefined':
        return undefined;
      case 'object':
        return this.nested(value, path, depth);
      default:
        return typeof value === 'number' && Number.isFinite(value)
          ? value
          : this.drop(path, `expected a JSON value, got ${kindOf(value)}`);
    }
  }

  private nested(value: object | null, path: string, depth: number): JsonValue | undefined {
    if (value === null) return null;
    if (value instanceof Date) {
      const time = value.getTime();
      return Number.isFinite(time)
        ? new Date(time).toISOString()
        : this.drop(path, 'is an invalid date');
    }
    if (depth >= MAX_DEPTH) {
      return this.drop(path, `is nested deeper than ${MAX_DEPTH} levels, or refers to itself`);
    }
    if (!Array.isArray(value)) return this.object(value, path, depth + 1);
    if (value.length > MAX_ARRAY_LENGTH) {
      return this.drop(path, `expected at most ${MAX_ARRAY_LENGTH} elements, got ${value.length}`);
    }
    return Object.values(this.object(value, path, depth + 1));
  }

  private keysOf(source: object, path: string): string[] {
    try {
      return Object.keys(source);
    } catch {
      this.input.note(path, 'unreadable', 'listing its keys threw an error');
      return [];
    }
  }

  /** Always `undefined`; typed as a value so that it can stand where one is returned. */
  private drop(path: string, message: string): JsonValue | undefined {
    this.input.note(path, 'invalid', message);
    return undefined;
  }
}
