import type { LoggerService } from '@nestjs/common';

import { kindOf, type Problem } from '../events/problem';
import { InvalidOptionsError } from '../tracking.error';
import type { StripeObjectLike } from './stripe-event';

export interface StripeTrackingOptions {
  /** What to do with events of a sandbox (`livemode: false`); default `ignore`. */
  testMode?: 'ignore' | 'send' | undefined;
  /**
   * The order that a session, payment intent, invoice or charge belongs to. Must say the same for a session
   * and for the charge of its refund. Default: `order_id` in the metadata, else Stripe's payment intent.
   */
  orderId?: ((object: StripeObjectLike) => string | undefined) | undefined;
  /**
   * Your ID of the person; default: `user_id` in the metadata. Where you keep it in `client_reference_id`:
   * `(object) => object.client_reference_id ?? undefined`.
   */
  userId?: ((object: StripeObjectLike) => string | undefined) | undefined;
  /** Whether e-mail, phone, name and address that the customer gave to Stripe are used; default true. */
  customerDetails?: boolean | undefined;
  /** `total` (default) is what was paid; `net` leaves out tax and shipping, as GA4 recommends. */
  purchaseValue?: 'total' | 'net' | undefined;
  /** An invoice for a change in mid-term, such as an upgrade: `renew` (default) or `ignore`. */
  subscriptionUpdates?: 'renew' | 'ignore' | undefined;
  /**
   * Invoices that no subscription made (by hand, from a quote): `ignore` (default) or `purchase`. Leave it
   * where Checkout creates invoices: such a sale would count twice.
   */
  singleInvoices?: 'ignore' | 'purchase' | undefined;
  /**
   * A payment intent of which nobody can say whether an invoice or Checkout made it: `ignore` (default) or
   * `purchase`. One with our key or `order_id` in its metadata is none of these.
   */
  unmarkedPaymentIntents?: 'ignore' | 'purchase' | undefined;
  /** How long after the last invoice the snapshot of a subscriber is kept, for renewals; default 400 days. */
  subscriptionContextTtlMs?: number | undefined;
  logger?: LoggerService | undefined;
}

/** The options with their defaults. */
export type StripeTrackingSettings = Readonly<
  Required<Omit<StripeTrackingOptions, 'orderId' | 'userId' | 'logger'>> &
    Pick<StripeTrackingOptions, 'orderId' | 'userId' | 'logger'>
>;

const DAY_MS = 86_400_000;

/** As long as browsers keep a cookie: afterwards a click ID says nothing any more. */
const SUBSCRIPTION_CONTEXT_TTL_MS = 400 * DAY_MS;

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  testMode: ['ignore', 'send'],
  purchaseValue: ['total', 'net'],
  subscriptionUpdates: ['renew', 'ignore'],
  singleInvoices: ['ignore', 'purchase'],
  unmarkedPaymentIntents: ['ignore', 'purchase'],
};

const FUNCTIONS = ['orderId', 'userId'];
/** The last two are the module's. */
const KNOWN = [
  ...Object.keys(CHOICES),
  ...FUNCTIONS,
  'customerDetails',
  'subscriptionContextTtlMs',
  'logger',
  'isGlobal',
  'imports',
];

/** @throws InvalidOptionsError with every problem at once. */
export function resolveStripeOptions(given: StripeTrackingOptions = {}): StripeTrackingSettings {
  const problems: Problem[] = [];
  const note = (field: string, message: string) =>
    problems.push({ field, code: 'invalid', message });
  // A factory in JavaScript may return anything.
  const options = (given as StripeTrackingOptions | null) ?? {};
  if (kindOf(options) === 'an object')
    noteProblems(options, (field, message) => note(`stripe.${field}`, message));
  else note('stripe', `expected an object, got ${kindOf(options)}`);
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return {
    testMode: options.testMode ?? 'ignore',
    orderId: options.orderId,
    userId: options.userId,
    customerDetails: options.customerDetails ?? true,
    purchaseValue: options.purchaseValue ?? 'total',
    subscriptionUpdates: options.subscriptionUpdates ?? 'renew',
    singleInvoices: options.singleInvoices ?? 'ignore',
    unmarkedPaymentIntents: options.unmarkedPaymentIntents ?? 'ignore',
    subscriptionContextTtlMs: options.subscriptionContextTtlMs ?? SUBSCRIPTION_CONTEXT_TTL_MS,
    logger: options.logger,
  };
}

function noteProblems(
  options: StripeTrackingOptions,
  note: (field: string, message: string) => void,
): void {
  const given = options as Readonly<Record<string, unknown>>;
  for (const field of Object.keys(given))
    if (given[field] !== undefined && !KNOWN.includes(field))
      note(field, `is not an option; known are ${KNOWN.join(', ')}`);
  for (const [field, words] of Object.entries(CHOICES)) {
    const value = given[field];
    if (value !== undefined && !words.includes(value as string))
      note(field, `expected one of ${words.join(', ')}`);
  }
  for (const field of FUNCTIONS)
    if (given[field] !== undefined && typeof given[field] !== 'function')
      note(field, `expected a function, got ${kindOf(given[field])}`);
  const { customerDetails, subscriptionContextTtlMs: ttlMs, logger } = given;
  // The text 'false' is no refusal to JavaScript.
  if (customerDetails !== undefined && typeof customerDetails !== 'boolean')
    note('customerDetails', `expected true or false, got ${kindOf(customerDetails)}`);
  if (ttlMs !== undefined && !(Number.isFinite(ttlMs) && Number(ttlMs) > 0))
    note('subscriptionContextTtlMs', 'expected a number of milliseconds above 0');
  if (logger !== undefined && !isLogger(logger))
    note('logger', 'expected an object with log, warn, error');
}

function isLogger(value: unknown): boolean {
  const logger = (value ?? {}) as Readonly<Record<string, unknown>>;
  return ['log', 'warn', 'error'].every((method) => typeof logger[method] === 'function');
}
