import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TrackingModuleOptions } from 'nestjs-server-tracking';
import type { StripeEventLike } from 'nestjs-server-tracking/stripe';
import { PlatformStub } from 'nestjs-server-tracking/testing';

import { ENCRYPTION_KEY } from './support/encryption';
import { StormApp, type StormAnswer, type StormOrder } from './support/stripe-storm-app';
import { aCharge, aPaymentIntent, aSession, stripeEvent } from './support/stripe-events';

const PAYMENTS = 1_000;
const MOST_REPEATS = 20;
const SEED = 20_260_302;

const ROOT = join(__dirname, '..');
const seconds = Math.floor(Date.now() / 1_000) - 60;

let folder: string;
let stub: PlatformStub;
let here: StormApp;
let there: ChildProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'storm-'));
  stub = await PlatformStub.start();
  const { meta, tiktok, ga4 } = stub.options();
  const options: TrackingModuleOptions = {
    meta,
    tiktok,
    ga4,
    storage: `file:${join(folder, 'tracking.db')}`,
    encryptionKey: ENCRYPTION_KEY,
    // The platforms answer in this process, which has much else to do.
    delivery: { timeoutMs: 60_000 },
  };
  here = await StormApp.start(options);
  const execArgv = ['-r', '@swc-node/register'];
  there = fork(join(__dirname, 'support/stripe-storm-app.ts'), ['obey'], { cwd: ROOT, execArgv });
  await tell({ kind: 'start', options });
}, 30_000);

afterAll(async () => {
  await here.stop();
  there.kill();
  await stub.close();
  rmSync(folder, { recursive: true, force: true });
});

async function tell(order: StormOrder): Promise<StormAnswer> {
  const answer = once(there, 'message') as Promise<[StormAnswer]>;
  there.send(order);
  return (await answer)[0];
}

describe('a storm of webhooks', () => {
  it('makes exactly one purchase of each payment for each destination, over two processes', async () => {
    const random = randomFrom(SEED);
    const told = (
      await Promise.all(Array.from({ length: PAYMENTS }, (_, at) => eventsOf(at)))
    ).flat();
    const deliveries = shuffle(
      told.flatMap((event) => {
        // Most come once or a few times, some twenty times.
        const times = 1 + Math.floor(random() ** 3 * MOST_REPEATS);
        return Array<StripeEventLike>(times).fill(event);
      }),
      random,
    );
    const ends: Record<string, number> = {};
    for (let from = 0; from < deliveries.length; from += 1_000) {
      const events = deliveries.slice(from, from + 1_000);
      // Both processes get every second event, and each a hundred that the other gets too.
      const answers = await Promise.all([
        here.deliver(events.filter((_, at) => at % 2 === 0 || at < 100)),
        tell({ kind: 'deliver', events: events.filter((_, at) => at % 2 === 1 || at < 100) }),
      ]);
      for (const [end, count] of answers.flatMap((answer) => Object.entries(answer)))
        ends[end] = (ends[end] ?? 0) + count;
    }
    expect(ends).toMatchObject({ accepted: PAYMENTS });
    expect(Object.keys(ends).sort()).toEqual(['accepted', 'duplicate', 'ignored']);
    await tell({ kind: 'stop' });
    expect(await here.stop()).toEqual({ meta: 0, tiktok: 0, ga4: 0 });

    const expected = Array.from({ length: PAYMENTS }, (_, at) => `stripe:pi:pi_${at}`).sort();
    const meta = stub.eventsAt('meta');
    expect(meta.map(({ event_id }) => event_id).sort()).toEqual(expected);
    const tiktok = stub.eventsAt('tiktok');
    expect(tiktok.map(({ event_id }) => event_id).sort()).toEqual(expected);
    const orders = stub
      .eventsAt('ga4')
      .map(({ params }) => (params as { transaction_id: string }).transaction_id);
    expect(orders.sort()).toEqual(expected.map((id) => id.replace('stripe:pi:', '')).sort());
    for (const event of meta) {
      const at = Number((event.event_id as string).replace('stripe:pi:pi_', ''));
      expect(event).toMatchObject({
        action_source: 'website',
        user_data: { client_ip_address: ipOf(at), client_user_agent: `Browser ${at}` },
        custom_data: { value: valueOf(at), currency: 'EUR', order_id: `pi_${at}` },
      });
    }
  }, 60_000);
});

/** Everything that Stripe tells of one payment, made in one of four ways. */
async function eventsOf(at: number): Promise<StripeEventLike[]> {
  const id = `pi_${at}`;
  const visitor = {
    ip: ipOf(at),
    userAgent: `Browser ${at}`,
    url: 'https://shop.example.com/cart',
    clickIds: { fbp: `fb.1.1759990000000.${at}` },
  };
  const amount = 1_000 + at;
  const event = (type: string, object: Record<string, unknown>) =>
    stripeEvent(type, object, { created: seconds });
  const intent = (metadata: object) =>
    event('payment_intent.succeeded', aPaymentIntent({ id, amount_received: amount, metadata }));
  const session = (metadata: object, status = 'paid') =>
    aSession({ amount_total: amount, payment_intent: id, metadata, payment_status: status });
  const charge = (metadata: object) =>
    event('charge.succeeded', aCharge({ payment_intent: id, metadata }));
  if (at % 4 === 0) {
    const params = await here.payments.forCheckout({ mode: 'payment', ...PLACES }, visitor);
    const ofIntent = params.payment_intent_data.metadata;
    const completed = event('checkout.session.completed', session(params.metadata));
    return [completed, intent(ofIntent), charge(ofIntent)];
  }
  const metadata = await here.payments.checkoutMetadata(visitor);
  switch (at % 4) {
    case 1: // the same metadata in both places, written by hand
      return [
        event('checkout.session.completed', session(metadata)),
        intent(metadata),
        charge(metadata),
      ];
    case 2: // a bank debit
      return [
        event('checkout.session.completed', session(metadata, 'unpaid')),
        event('checkout.session.async_payment_succeeded', session(metadata)),
        charge({}),
      ];
    default: // without Checkout
      return [event('payment_intent.created', { id }), intent(metadata), charge(metadata)];
  }
}

const PLACES = { metadata: {}, payment_intent_data: { metadata: {} } };

function ipOf(at: number): string {
  return `203.0.${Math.floor(at / 250)}.${1 + (at % 250)}`;
}

function valueOf(at: number): number {
  return (1_000 + at) / 100;
}

/** Mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
  }
  return shuffled;
}
