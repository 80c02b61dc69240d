import { kindOf, type Problem, type ProblemCode } from './problem';

/**
 * Reads fields of an object that a host, or whoever posts to the host, made: a getter may throw, a
 * value may be anything. What is wrong is noted under the field's path and read as `undefined`.
 */
export class FieldReader {
  /** @param path where the object stands; of an element of a list the list's, and `index` its place. */
  constructor(
    readonly problems: Problem[],
    private readonly source: object,
    private readonly path = '',
    private readonly index?: number,
  ) {}

  /** The value as it stands, or `undefined` where reading it throws. `null` reads as absent. */
  raw(field: string): unknown {
    try {
      return (this.source as Record<string, unknown>)[field] ?? undefined;
    } catch {
      this.note(field, 'unreadable', 'reading it threw an error');
      return undefined;
    }
  }

  /** Text; blank reads as absent. Whole numbers are taken too, because IDs are often numbers. */
  text(field: string, maxLength: number): string | undefined {
    const value = this.raw(field);
    if (value === undefined) return undefined;
    if (typeof value === 'string') {
      if (value.length > maxLength) {
        this.note(
          field,
          'too_long',
          `expected at most ${maxLength} characters, got ${value.length}`,
        );
        return undefined;
      }
      const trimmed = value.trim();
      return trimmed === '' ? undefined : trimmed;
    }
    if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))) {
      return String(value);
    }
    this.note(field, 'invalid', `expected text, got ${kindOf(value)}`);
    return undefined;
  }

  /** A finite number of at least `min`. Plain decimal text is taken too: databases return it. */
  number(field: string, min = 0): number | undefined {
    const value = this.raw(field);
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number)) {
      this.note(field, 'invalid', `expected a finite number, got ${kindOf(value)}`);
      return undefined;
    }
    if (number < min) {
      this.note(field, 'invalid', `expected at least ${min}, got less`);
      return undefined;
    }
    return number;
  }

  /** A reader of the object in `field`; `undefined` where there is none. */
  object(field: string): FieldReader | undefined {
    const value = this.raw(field);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.note(field, 'invalid', `expected an object, got ${kindOf(value)}`);
      return undefined;
    }
    return new FieldReader(this.problems, value as object, this.pathOf(field));
  }

  /** Its own keys; none where listing them throws. */
  keys(): string[] {
    try {
      return Object.keys(this.source);
    } catch {
      return [];
    }
  }

  note(field: string, code: ProblemCode, message: string): void {
    this.problems.push({ field: this.pathOf(field), code, message });
  }

  private pathOf(field: string): string {
    const path = this.index === undefined ? this.path : `${this.path}[${this.index}]`;
    return path === '' ? field : `${path}.${field}`;
  }
}

const DECIMAL = /^\d{1,15}(?:\.\d{1,10})?$/;
