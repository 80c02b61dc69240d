import type { UserData } from '../events/user-data';
import type { StripeObject } from './stripe-object';
import type { StripeTrackingSettings } from './stripe-tracking.options';
import type { TrackingMetadata } from './tracking-metadata';

/** Who it is: the host's own ID, and what the customer told Stripe where the host wants it used. */
export function userOf(
  object: StripeObject,
  { userId }: Pick<TrackingMetadata, 'userId'>,
  settings: StripeTrackingSettings,
  told: UserData = {},
): UserData {
  const id = settings.userId === undefined ? userId : settings.userId(object.asGiven);
  return { ...(settings.customerDetails ? told : {}), id };
}

/** `customer_details` of a Checkout Session. */
export function customerOfSession(session: StripeObject): UserData {
  const details = session.object('customer_details');
  return {
    email: details.text('email') ?? session.text('customer_email'),
    phone: details.text('phone'),
    fullName: details.text('name'),
    ...addressOf(details.object('address')),
  };
}

/** `customer_email` and its neighbours on an invoice. */
export function customerOfInvoice(invoice: StripeObject): UserData {
  return {
    email: invoice.text('customer_email'),
    phone: invoice.text('customer_phone'),
    fullName: invoice.text('customer_name'),
    ...addressOf(invoice.object('customer_address')),
  };
}

function addressOf(address: StripeObject): UserData {
  return {
    street: address.text('line1'),
    city: address.text('city'),
    state: address.text('state'),
    postalCode: address.text('postal_code'),
    country: address.text('country'),
  };
}
