import { FieldReader } from '../events/field-reader';
import type { StripeObjectLike } from './stripe-event';

const MAX_TEXT_LENGTH = 500;

/**
 * Reads an object of Stripe's without trusting its shape: fields move between API versions, references may be
 * expanded, and what is missing or of another type reads as `undefined`. Never throws.
 */
export class StripeObject {
  private readonly fields: FieldReader;

  constructor(readonly source: object) {
    this.fields = new FieldReader([], source);
  }

  static of(value: unknown): StripeObject {
    return new StripeObject(typeof value === 'object' && value !== null ? value : {});
  }

  /** For the functions that a host gives as options. */
  get asGiven(): StripeObjectLike {
    return this.source as StripeObjectLike;
  }

  text(field: string): string | undefined {
    return this.fields.text(field, MAX_TEXT_LENGTH);
  }

  /** The ID in `field`, whether it is a reference or the object itself. */
  id(field: string): string | undefined {
    const value = this.fields.raw(field);
    return typeof value === 'object' ? StripeObject.of(value).text('id') : this.text(field);
  }

  /** Whole minor units or Unix seconds. */
  whole(field: string): number | undefined {
    const value = this.fields.raw(field);
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
  }

  /** `undefined` only where the field does not exist at all: in that API version Stripe does not tell. */
  isTold(field: string): boolean {
    return this.fields.keys().includes(field);
  }

  isFalse(field: string): boolean {
    return this.fields.raw(field) === false;
  }

  /** An empty one where there is none. */
  object(field: string): StripeObject {
    return StripeObject.of(this.fields.raw(field));
  }

  /** The objects of a list (`{ data: [...] }`), as many as the event holds. */
  list(field: string): readonly StripeObject[] {
    const data = this.object(field).fields.raw('data');
    return Array.isArray(data) ? data.slice(0, MAX_LIST).map((one) => StripeObject.of(one)) : [];
  }
}

const MAX_LIST = 100;
