import { fromMinorUnits } from '../events/minor-units';
import type { StripeObject } from './stripe-object';

export interface Money {
  readonly value: number;
  readonly currency: string;
}

/** What was paid; `undefined` where nothing was, because nothing paid is no sale. */
export function paid(object: StripeObject, field: string): Money | undefined {
  return money(object, object.whole(field));
}

/** @param amount in minor units. */
export function money(object: StripeObject, amount: number | undefined): Money | undefined {
  const currency = object.text('currency');
  if (amount === undefined || amount <= 0 || currency === undefined) return undefined;
  return { value: fromMinorUnits(amount, currency), currency: currency.toUpperCase() };
}
