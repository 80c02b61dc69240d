import { setTimeout as sleep } from 'node:timers/promises';

import type { StripeTrackResult } from 'nestjs-server-tracking/stripe';

import type { Registration } from '../auth/auth.service';
import type { Checkout } from '../checkout/checkout.service';
import type { PrivacyService } from '../privacy/privacy.service';
import { ask, type Answer } from './ask';
import type { Browser } from './browser';
import type { FakeSession, FakeStripe, SignedWebhook } from './fake-stripe';
import type { Stage } from './stage';
import type { Visitor } from './visitor';

/** Each has a line of its own for each thing that becomes of an event. */
const DESTINATIONS = 4;

export const CART = [
  { sku: 'MUG-BLUE', quantity: 2 },
  { sku: 'TEA-EARL', quantity: 1 },
];

/** Signs up, and in. */
export async function signUp(
  browser: Browser,
  visitor: Visitor & { readonly eventId?: string },
): Promise<Answer<Registration>> {
  const answer = await browser.call<Registration>('POST', '/auth/register', visitor);
  browser.token = answer.body.token;
  return answer;
}

export function checkOut(browser: Browser): Promise<Answer<Checkout>> {
  browser.goTo('/cart');
  return browser.call<Checkout>('POST', '/checkout', { items: CART });
}

/** What Stripe knows of a checkout. */
export function sessionOf({ sessions }: FakeStripe, { paymentUrl }: Checkout): FakeSession {
  const session = [...sessions.values()].find(({ url }) => url === paymentUrl);
  if (session === undefined) throw new Error('There is no session of this checkout');
  return session;
}

/** What Stripe's server does. */
export function deliver(
  shopUrl: string,
  { payload, signature }: SignedWebhook,
): Promise<Answer<StripeTrackResult>> {
  const headers = { 'user-agent': 'Stripe/1.0', 'stripe-signature': signature };
  return ask('POST', `${shopUrl}/webhooks/stripe`, headers, payload);
}

/** Resolves when nothing is pending, whichever process holds it; what is stuck is left after ten seconds. */
export async function settle({ tracking }: Pick<Stage, 'tracking'>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if ((await tracking.flush()).isComplete) return;
    await sleep(50);
  }
}

/**
 * An event's lines of the audit log, as the shop gives them to whom they are about.
 *
 * @param count how many have to be there; the other process writes its own every 100 ms.
 */
export async function auditOf(
  browser: Browser,
  eventId: string,
  count: number = DESTINATIONS,
): Promise<readonly string[]> {
  type Export = Awaited<ReturnType<PrivacyService['export']>>;
  for (let attempt = 0; ; attempt += 1) {
    const { body } = await browser.call<Export>('GET', '/account/export');
    const lines = body.tracking.audit
      .filter((line) => line.eventId === eventId)
      .map(({ kind, destination, eventName, reason }) =>
        [kind, destination, eventName, reason].filter((part) => part !== undefined).join(' '),
      );
    if (lines.length >= count || attempt === 60) return lines;
    await sleep(50);
  }
}
