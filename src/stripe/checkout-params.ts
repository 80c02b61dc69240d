import { markedForCheckout, TRACKING_REF } from './tracking-metadata';

/** `Stripe.Checkout.SessionCreateParams`, by shape. */
export interface CheckoutParamsLike {
  readonly mode?: string | undefined;
  readonly metadata?: object | '' | null | undefined;
  readonly payment_intent_data?: { readonly metadata?: object | '' | null | undefined } | undefined;
  readonly subscription_data?: { readonly metadata?: object | '' | null | undefined } | undefined;
}

/**
 * The same parameters with the metadata in every place from which a webhook will come: the session, and the
 * payment intent or the subscription that it makes. Stripe copies none of it by itself and refuses the place
 * that is not of the mode. The session's own metadata goes along, so that an order ID reaches the refund.
 */
export function withTrackingMetadata<Params extends CheckoutParamsLike>(
  params: Params,
  metadata: Readonly<Record<string, string>>,
): Params {
  const ofSession = { ...fieldsOf(params.metadata), ...metadata };
  switch (params.mode) {
    case 'subscription': {
      const data = params.subscription_data;
      const subscription = {
        ...data,
        metadata: { ...ofSession, ...fieldsOf(data?.metadata), ...metadata },
      };
      return { ...params, metadata: ofSession, subscription_data: subscription };
    }
    case 'payment': {
      const data = params.payment_intent_data;
      const mark = { [TRACKING_REF]: markedForCheckout(metadata[TRACKING_REF] ?? '') };
      const intent = {
        ...data,
        metadata: { ...ofSession, ...fieldsOf(data?.metadata), ...metadata, ...mark },
      };
      return { ...params, metadata: ofSession, payment_intent_data: intent };
    }
    default:
      return { ...params, metadata: ofSession };
  }
}

/** Stripe's types let metadata be empty text or null as well. */
function fieldsOf(metadata: object | '' | null | undefined): object {
  return typeof metadata === 'object' && metadata !== null ? metadata : {};
}
