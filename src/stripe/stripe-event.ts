/**
 * A verified event of Stripe, by shape: `Stripe.Event` of any version of the `stripe` package fits, and so does
 * what a queue kept as JSON.
 */
export interface StripeEventLike {
  readonly id: string;
  readonly type: string;
  /** Unix seconds. */
  readonly created: number;
  readonly livemode: boolean;
  readonly data: {
    /** A snapshot in the API version of the webhook endpoint, which need not be the one of your SDK. */
    readonly object: object;
    readonly previous_attributes?: object | undefined;
  };
}

/** What a Stripe object may hold for an option of the host's: session, payment intent, invoice, charge, … */
export interface StripeObjectLike {
  readonly id?: string | undefined;
  readonly object?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  readonly client_reference_id?: string | null | undefined;
  readonly [field: string]: unknown;
}
