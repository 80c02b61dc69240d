import type { SubscriptionPhase } from '../events/tracking-event';
import { userOf } from './customer';
import { ignored, mapped, type StripeMapping } from './stripe-mapping';
import type { StripeObject } from './stripe-object';
import type { StripeTrackingSettings } from './stripe-tracking.options';
import { readMetadata } from './tracking-metadata';

/** `customer.subscription.created`: a trial. What is paid at once is told by its invoice. */
export function mapSubscriptionCreated(
  subscription: StripeObject,
  settings: StripeTrackingSettings,
): StripeMapping {
  if (subscription.text('status') !== 'trialing')
    return ignored('without a trial its first invoice tells');
  return mapPhase(subscription, settings, 'trial');
}

/**
 * `customer.subscription.updated`: of its many reasons only the end of a trial that became a subscription. It
 * has no value: the invoice that follows has, and money must count once.
 */
export function mapSubscriptionUpdated(
  subscription: StripeObject,
  previous: StripeObject,
  settings: StripeTrackingSettings,
): StripeMapping {
  const isConverted =
    previous.text('status') === 'trialing' && subscription.text('status') === 'active';
  if (!isConverted) return ignored('a change that is no conversion');
  return mapPhase(subscription, settings, 'start');
}

/** `customer.subscription.deleted`: it has ended; the wish to end it may be months older. */
export function mapSubscriptionDeleted(
  subscription: StripeObject,
  settings: StripeTrackingSettings,
): StripeMapping {
  if (subscription.text('status') === 'incomplete_expired') return ignored('it never began');
  return mapPhase(subscription, settings, 'cancel');
}

function mapPhase(
  subscription: StripeObject,
  settings: StripeTrackingSettings,
  phase: SubscriptionPhase,
): StripeMapping {
  const id = subscription.text('id');
  if (id === undefined) return ignored('the subscription has no ID');
  const metadata = readMetadata(subscription.object('metadata'));
  const [item] = subscription.list('items');
  const chosenId = phase === 'trial' ? metadata.eventId : undefined;
  return mapped(
    {
      name: 'subscription',
      phase,
      eventId: chosenId ?? `stripe:sub:${id}:${phase}`,
      subscriptionId: id,
      plan: item?.id('price') ?? item?.id('plan') ?? subscription.id('plan'),
      reason:
        phase === 'cancel' ? subscription.object('cancellation_details').text('reason') : undefined,
      user: userOf(subscription, metadata, settings),
      ...(phase !== 'trial' && { initiatedBy: 'system' }),
    },
    metadata.contextRef,
  );
}
