import { createHash } from 'node:crypto';

import type { Checkout } from '../checkout/checkout.service';
import { checkOut, deliver, sessionOf, signUp } from './acts';
import { Browser, SITE } from './browser';
import { playPrivacy } from './play-privacy';
import type { SecondProcess } from './second-process';
import type { Stage } from './stage';
import type { Teller } from './teller';
import { CLICK, JOHN, LANDING } from './visitor';
import {
  claimFields,
  inShort,
  isOneEach,
  resultFacts,
  tellAnswer,
  watch,
  type ExpectedField,
} from './watch';

/** The whole story, from the ad to the customer who wants to be forgotten. */
export async function play(stage: Stage, teller: Teller): Promise<void> {
  const john = new Browser(stage.shopUrl);
  await land(stage, teller, john);
  await sayYes(stage, teller, john);
  await join(stage, teller, john);
  const checkout = await goToCheckout(stage, teller, john);
  const second = await stage.openSecond();
  await pay(stage, teller, checkout, second, visitOf(john));
  await playPrivacy(stage, teller, john, second);
  await showStatus(stage, teller);
}

async function land(stage: Stage, teller: Teller, john: Browser): Promise<void> {
  teller.chapter('John comes by an ad and has not answered the consent banner yet');
  const { answer, arrivals } = await watch(stage, () => john.load(LANDING));
  tellAnswer(teller, 'GET /products/MUG-BLUE', answer, {
    clicks: Object.fromEntries(new URL(LANDING, SITE).searchParams),
    IP: `${CLICK.ip}, as the proxy in front of the shop tells it`,
    browser: CLICK.userAgent,
  });
  teller.line();
  teller.claim('no platform heard of it', answer.status === 200 && arrivals.length === 0);
  teller.claim('no cookie was written', john.cookies.size === 0);
}

async function sayYes(stage: Stage, teller: Teller, john: Browser): Promise<void> {
  teller.chapter('He says yes, and the page loads anew');
  john.answerBanner('yes', 'US;NY');
  john.runTags();
  const { answer, arrivals } = await watch(stage, () => john.load(LANDING));
  const written = answer.cookies.map((cookie) => cookie.split('=', 1)[0]);
  tellAnswer(teller, 'GET /products/MUG-BLUE', answer, {
    'from OneTrust': 'OptanonConsent, OptanonAlertBoxClosed',
    'from tags': '_ttp, _ga, _ga_EXAMPLE1, _ga_EXAMPLE2, _gcl_aw',
    'from the shop': written.join(', '),
    platforms: inShort(arrivals),
  });
  teller.line();
  teller.claim('each platform got one event', isOneEach(arrivals));
  teller.claim(
    'the shop itself keeps the visitor and the clicks, in first-party cookies',
    written.sort().join() === '_fbc,_fbp,ttclid,visitor_id,visitor_session',
  );
}

async function join(stage: Stage, teller: Teller, john: Browser): Promise<void> {
  teller.chapter('John signs up');
  const { answer, arrivals } = await watch(stage, () => signUp(john, JOHN));
  const { eventId } = answer.body;
  tellAnswer(teller, 'POST /auth/register', answer, { eventId });
  teller.arrivals(arrivals);

  teller.claim('each platform got one event', isOneEach(arrivals));
  const hash = createHash('sha256').update('john_smith@gmail.com').digest('hex');
  claimFields(teller, 'the e-mail arrived hashed, normalised before', arrivals, [
    ['meta', 'user_data.em.0', hash],
    ['tiktok', 'user.email.0', hash],
  ]);
  claimFields(
    teller,
    'no platform saw the proxy, and each its own click and browser ID',
    arrivals,
    visitOf(john),
  );
  const fbc = john.cookies.get('_fbc');
  teller.claim('Meta’s fbc was made from fbclid', fbc?.endsWith(`.${CLICK.fbclid}`) === true);
  claimFields(teller, 'the event ID is the one that the browser pixel has', arrivals, [
    ['meta', 'event_id', eventId],
    ['tiktok', 'event_id', eventId],
    ['serverGtm', 'params.event_id', eventId],
  ]);
}

async function goToCheckout(stage: Stage, teller: Teller, john: Browser): Promise<Checkout> {
  teller.chapter('Some pages later John goes to the checkout with two mugs and a tea');
  const { answer, arrivals } = await watch(stage, () => checkOut(john));
  const session = sessionOf(stage.stripe, answer.body);
  tellAnswer(teller, 'POST /checkout', answer, {
    clicks: 'gone from the URL; now in cookies _fbc, ttclid and _gcl_aw',
    order: answer.body.order,
    eventIds: answer.body.eventIds,
    'to Stripe': session.metadata,
    platforms: inShort(arrivals),
  });
  teller.line();
  teller.claim('each platform got one event', isOneEach(arrivals));
  teller.claim(
    'Stripe got IDs and a reference, no cookie, no IP and no consent',
    Object.keys(session.metadata).sort().join() === 'event_id,order_id,tracking_ref,user_id',
  );
  return answer.body;
}

async function pay(
  stage: Stage,
  teller: Teller,
  checkout: Checkout,
  second: SecondProcess,
  visit: readonly ExpectedField[],
): Promise<void> {
  const { order, eventIds } = checkout;
  const session = sessionOf(stage.stripe, checkout);
  const webhook = stage.stripe.paidWebhook(session.id);

  teller.chapter('John pays: Stripe’s server calls the webhook, in another process of the shop');
  const first = await watch(stage, () => deliver(second.url, webhook));
  tellAnswer(teller, 'POST /webhooks/stripe', first.answer, {
    processes: `the visit was in ${process.pid}, this is ${second.pid ?? '?'}; they share a file`,
    ...resultFacts(first.answer),
  });
  teller.arrivals(first.arrivals);
  teller.claim('each platform got one purchase', isOneEach(first.arrivals));
  claimFields(teller, `the value is ${order.total} ${order.currency} everywhere`, first.arrivals, [
    ['meta', 'custom_data.value', order.total],
    ['tiktok', 'properties.value', order.total],
    ['ga4', 'params.value', order.total],
    ['serverGtm', 'params.value', order.total],
  ]);
  claimFields(
    teller,
    'the visit came back: clicks, IP, browser, page and GA session',
    first.arrivals,
    [
      ...visit,
      ['meta', 'event_source_url', `${SITE}/cart`],
      ['tiktok', 'page.url', `${SITE}/cart`],
      ['ga4', 'params.page_location', `${SITE}/cart`],
    ],
  );
  claimFields(teller, 'the event ID is the one that the thank-you page has', first.arrivals, [
    ['meta', 'event_id', eventIds.purchase],
    ['tiktok', 'event_id', eventIds.purchase],
    ['ga4', 'params.transaction_id', order.id],
  ]);

  teller.chapter('Stripe tells it again, in other words, and somebody forges it');
  const again = await watch(stage, () => deliver(stage.shopUrl, webhook));
  tellAnswer(teller, 'the same webhook, to the first process', again.answer, {
    ...resultFacts(again.answer),
  });
  const other = await watch(stage, () =>
    deliver(second.url, stage.stripe.paymentIntentWebhook(session)),
  );
  tellAnswer(teller, 'payment_intent.succeeded', other.answer, resultFacts(other.answer));
  const forged = await watch(stage, () =>
    deliver(second.url, { ...webhook, payload: webhook.payload.replace('5880', '588000') }),
  );
  tellAnswer(teller, 'another amount under the same signature', forged.answer);
  teller.line();
  teller.claim(
    'the same was caught as a duplicate, across processes',
    again.answer.body.kind === 'tracked' && again.answer.body.receipt.status === 'duplicate',
  );
  teller.claim('the payment intent is no second sale', other.answer.body.kind === 'ignored');
  teller.claim('the forged one was refused', forged.answer.status === 400);
  teller.claim(
    'no platform heard of any of them',
    [again, other, forged].every(({ arrivals }) => arrivals.length === 0),
  );
}

async function showStatus(stage: Stage, teller: Teller): Promise<void> {
  teller.chapter('How it stands: GET /status and GET /health');
  const status = stage.tracking.getStatus();
  teller.status(status);
  const { pending } = await stage.tracking.flush();
  const health = await fetch(`${stage.shopUrl}/health`);
  teller.line();
  teller.claim('every platform can be delivered to', status.overall && health.status === 200);
  teller.claim('nothing is waiting any more', pending === 0);
}

/** What each platform has to know of the visit, wherever an event of it comes from. */
function visitOf({ cookies }: Browser): readonly ExpectedField[] {
  return [
    ['meta', 'user_data.client_ip_address', CLICK.ip],
    ['meta', 'user_data.client_user_agent', CLICK.userAgent],
    ['meta', 'user_data.fbc', cookies.get('_fbc')],
    ['meta', 'user_data.fbp', cookies.get('_fbp')],
    ['tiktok', 'user.ip', CLICK.ip],
    ['tiktok', 'user.user_agent', CLICK.userAgent],
    ['tiktok', 'user.ttclid', CLICK.ttclid],
    ['tiktok', 'user.ttp', CLICK.ttp],
    ['ga4', 'client_id', CLICK.gaClientId],
    ['ga4', 'params.session_id', CLICK.gaSessionId],
    ['serverGtm', 'params.gclid', CLICK.gclid],
  ];
}
