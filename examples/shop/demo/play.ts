import { createHash } from 'node:crypto';

import type { PlatformName } from 'nestjs-server-tracking/testing';

import type { Registration } from '../auth/auth.service';
import type { Checkout } from '../checkout/checkout.service';
import { arrivalsOf, fieldOf, PLATFORM_TITLES, type Arrival } from './arrivals';
import type { SignedWebhook } from './fake-stripe';
import { layOut } from './layout';
import type { Stage } from './stage';
import type { Teller } from './teller';
import { CLICK, JOHN, JOHN_LATER, LENA, type Visitor } from './visitor';

const PLATFORMS = Object.keys(PLATFORM_TITLES) as PlatformName[];
const CART = [
  { sku: 'MUG-BLUE', quantity: 2 },
  { sku: 'TEA-EARL', quantity: 1 },
];

interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
  readonly tookMs: number;
}

interface WebhookReceipt {
  readonly tracking?: {
    readonly eventId: string;
    readonly status: string;
    readonly destinations: Readonly<Record<string, { readonly kind: string }>>;
  };
}

/** The whole story, from the ad to the second webhook. */
export async function play(stage: Stage, teller: Teller): Promise<void> {
  teller.chapter('John comes by an ad and says yes in the consent banner');
  teller.facts({
    clicks: Object.fromEntries(new URLSearchParams(JOHN.clicks)),
    cookies: '_fbp, _ttp, _ga, _ga_EXAMPLE1, _ga_EXAMPLE2',
    IP: `${CLICK.ip}, as the proxy in front of the shop tells it`,
    browser: CLICK.userAgent,
  });
  const token = await signUp(stage, teller);
  const checkout = await checkOut(stage, teller, token);
  await pay(stage, teller, checkout);
  await sayNo(stage, teller);
  await showStatus(stage, teller);
}

async function signUp(stage: Stage, teller: Teller): Promise<string> {
  teller.chapter('John signs up');
  const { answer, arrivals } = await watch(stage, () => register(stage, JOHN));
  const { eventId, token } = answer.body;
  told(teller, 'POST /auth/register', answer, { eventId });
  teller.arrivals(arrivals);

  teller.claim('each platform got one event', isOneEach(arrivals));
  const hash = createHash('sha256').update('john_smith@gmail.com').digest('hex');
  claimFields(teller, 'the e-mail arrived hashed, normalised before', arrivals, [
    ['meta', 'user_data.em.0', hash],
    ['tiktok', 'user.email.0', hash],
  ]);
  claimFields(teller, 'no platform saw the proxy: IP and browser are the visitor’s', arrivals, [
    ['meta', 'user_data.client_ip_address', CLICK.ip],
    ['meta', 'user_data.client_user_agent', CLICK.userAgent],
    ['tiktok', 'user.ip', CLICK.ip],
    ['tiktok', 'user.user_agent', CLICK.userAgent],
  ]);
  claimFields(teller, 'each platform got its own click and browser ID', arrivals, [
    ['meta', 'user_data.fbp', CLICK.fbp],
    ['tiktok', 'user.ttclid', CLICK.ttclid],
    ['tiktok', 'user.ttp', CLICK.ttp],
    ['ga4', 'client_id', CLICK.gaClientId],
    ['ga4', 'params.session_id', CLICK.gaSessionId],
    ['serverGtm', 'params.gclid', CLICK.gclid],
  ]);
  const fbc = at(arrivals, 'meta', 'user_data.fbc');
  teller.claim(
    'Meta’s fbc was made from fbclid',
    typeof fbc === 'string' && fbc.endsWith(`.${CLICK.fbclid}`),
  );
  claimFields(teller, 'the event ID is the one that the browser pixel has', arrivals, [
    ['meta', 'event_id', eventId],
    ['tiktok', 'event_id', eventId],
    ['serverGtm', 'params.event_id', eventId],
  ]);
  return token;
}

async function checkOut(stage: Stage, teller: Teller, token: string): Promise<Checkout> {
  teller.chapter('Some pages later John goes to the checkout with two mugs and a tea');
  const { answer, arrivals } = await watch(stage, () =>
    post<Checkout>(`${stage.shopUrl}/checkout`, JOHN_LATER, token, {
      items: CART,
      consent: JOHN.consent,
    }),
  );
  const [session] = [...stage.stripe.sessions.values()].slice(-1);
  const metadata = session?.metadata ?? {};
  told(teller, 'POST /checkout', answer, {
    clicks: 'gone from the URL; now in cookies _fbc, ttclid and _gcl_aw',
    order: answer.body.order,
    eventIds: answer.body.eventIds,
    'to Stripe': metadata,
    platforms: arrivals.map(
      ({ platform, event }) =>
        `${PLATFORM_TITLES[platform]} ${String(event.event_name ?? event.event ?? event.name)}`,
    ),
  });
  teller.line();
  teller.claim('each platform got one event', isOneEach(arrivals));
  teller.claim(
    'Stripe got the order ID and a reference, no cookie, no IP and no consent',
    Object.keys(metadata).sort().join() === 'context_ref,order_id',
  );
  return answer.body;
}

async function pay(stage: Stage, teller: Teller, { order, eventIds }: Checkout): Promise<void> {
  const [sessionId = ''] = [...stage.stripe.sessions.keys()].slice(-1);
  const webhook = stage.stripe.paidWebhook(sessionId);

  teller.chapter('John pays: Stripe’s server calls the webhook, not John’s browser');
  const first = await watch(stage, () => deliver(stage, webhook));
  told(teller, 'POST /webhooks/stripe', first.answer, receiptOf(first.answer));
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
    'the click came back from the checkout, with IP and browser',
    first.arrivals,
    [
      ['meta', 'user_data.client_ip_address', CLICK.ip],
      ['meta', 'user_data.client_user_agent', CLICK.userAgent],
      ['meta', 'user_data.fbc', CLICK.fbc],
      ['meta', 'user_data.fbp', CLICK.fbp],
      ['tiktok', 'user.ttclid', CLICK.ttclid],
      ['ga4', 'client_id', CLICK.gaClientId],
      ['serverGtm', 'params.gclid', CLICK.gclid],
    ],
  );
  claimFields(teller, 'the event ID is the one that the thank-you page has', first.arrivals, [
    ['meta', 'event_id', eventIds.purchase],
    ['tiktok', 'event_id', eventIds.purchase],
    ['ga4', 'params.transaction_id', order.id],
  ]);

  teller.chapter('Stripe sends the very same webhook again');
  const second = await watch(stage, () => deliver(stage, webhook));
  told(teller, 'POST /webhooks/stripe', second.answer, receiptOf(second.answer));
  teller.line();
  teller.claim('it was caught as a duplicate', second.answer.body.tracking?.status === 'duplicate');
  teller.claim('no platform got a second purchase', second.arrivals.length === 0);

  teller.chapter('Somebody else sends a webhook and signs it as well as he can');
  const forged = await watch(stage, () =>
    deliver(stage, { ...webhook, payload: webhook.payload.replace('5880', '588000') }),
  );
  told(teller, 'POST /webhooks/stripe', forged.answer, {});
  teller.line();
  teller.claim('it was refused and told to nobody', isRefused(forged));
}

async function sayNo(stage: Stage, teller: Teller): Promise<void> {
  teller.chapter('Lena signs up too, but said no in the consent banner');
  const { answer, arrivals } = await watch(stage, () => register(stage, LENA));
  told(teller, 'POST /auth/register', answer, { eventId: answer.body.eventId });
  teller.line();
  teller.claim('she has her account', answer.status === 201);
  teller.claim('no platform heard of her', arrivals.length === 0);
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

function register(stage: Stage, visitor: Visitor): Promise<Answer<Registration>> {
  return post<Registration>(
    `${stage.shopUrl}/auth/register?${visitor.clicks}`,
    visitor,
    undefined,
    { ...visitor.person, consent: visitor.consent },
  );
}

/** What the visitor's browser does. */
function post<Body>(
  url: string,
  { headers }: Visitor,
  token: string | undefined,
  body: unknown,
): Promise<Answer<Body>> {
  const withToken =
    token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` };
  return send<Body>(url, withToken, JSON.stringify(body));
}

/** What Stripe's server does. */
function deliver(stage: Stage, webhook: SignedWebhook): Promise<Answer<WebhookReceipt>> {
  const headers = { 'user-agent': 'Stripe/1.0', 'stripe-signature': webhook.signature };
  return send(`${stage.shopUrl}/webhooks/stripe`, headers, webhook.payload);
}

async function send<Body>(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<Answer<Body>> {
  const startedAtMs = performance.now();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  const answer = (await response.json()) as Body;
  return { status: response.status, body: answer, tookMs: performance.now() - startedAtMs };
}

/** Does something and looks what the platforms received because of it. */
async function watch<Result>(
  { platforms, tracking }: Stage,
  act: () => Promise<Result>,
): Promise<{ answer: Result; arrivals: Arrival[] }> {
  const before = platforms.requests.length;
  const answer = await act();
  await tracking.flush();
  const arrivals = arrivalsOf(platforms.requests.slice(before));
  // They arrive side by side; the story tells them in one order.
  arrivals.sort((a, b) => PLATFORMS.indexOf(a.platform) - PLATFORMS.indexOf(b.platform));
  return { answer, arrivals };
}

function told(
  teller: Teller,
  request: string,
  { status, tookMs }: Answer<unknown>,
  facts: Readonly<Record<string, unknown>>,
): void {
  teller.line(`   ${request} → ${status} in ${tookMs.toFixed(0)} ms`);
  teller.facts(facts);
}

function receiptOf({ body }: Answer<WebhookReceipt>): Record<string, unknown> {
  const { tracking } = body;
  if (tracking === undefined) return {};
  const kinds = Object.entries(tracking.destinations).map(([name, { kind }]) => [name, kind]);
  return { receipt: tracking.status, eventId: tracking.eventId, to: Object.fromEntries(kinds) };
}

function isOneEach(arrivals: readonly Arrival[]): boolean {
  return arrivals.map(({ platform }) => platform).join() === PLATFORMS.join();
}

function isRefused({ answer, arrivals }: { answer: Answer<unknown>; arrivals: Arrival[] }) {
  return answer.status === 400 && arrivals.length === 0;
}

function at(arrivals: readonly Arrival[], platform: PlatformName, path: string): unknown {
  const arrival = arrivals.find((candidate) => candidate.platform === platform);
  return arrival && fieldOf(arrival, path);
}

/** One claim over several fields; the fields that are wrong are named below it. */
function claimFields(
  teller: Teller,
  text: string,
  arrivals: readonly Arrival[],
  fields: readonly (readonly [PlatformName, string, unknown])[],
): void {
  const wrong = fields.filter(
    ([platform, path, expected]) => at(arrivals, platform, path) !== expected,
  );
  teller.claim(text, wrong.length === 0);
  for (const [platform, path, expected] of wrong) {
    const facts = { [`${platform} ${path}`]: { expected, got: at(arrivals, platform, path) } };
    for (const line of layOut(facts)) teller.line(`     ${line}`);
  }
}
