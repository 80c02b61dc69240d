import { randomBytes } from 'node:crypto';
import * as http from 'node:http';
import { text } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';

import Stripe from 'stripe';

type Metadata = Readonly<Record<string, string>>;

/** A checkout session, with as much of it as a shop may look at. */
export interface FakeSession {
  readonly id: string;
  readonly object: 'checkout.session';
  readonly mode: string;
  readonly url: string;
  readonly currency: string;
  readonly amount_total: number;
  readonly payment_intent: string;
  readonly payment_status: 'paid' | 'unpaid';
  readonly customer_details: { readonly email: string | null };
  readonly metadata: Metadata;
}

/** The payment intent that a session makes; it has the metadata that was given for it, and no other. */
export interface FakePaymentIntent {
  readonly id: string;
  readonly object: 'payment_intent';
  readonly amount_received: number;
  readonly currency: string;
  readonly metadata: Metadata;
}

/** A webhook's body and its signature: the bytes that are posted. */
export interface SignedWebhook {
  readonly payload: string;
  readonly signature: string;
}

/**
 * Stands in for Stripe: takes checkout sessions from Stripe's own client and signs webhooks with
 * Stripe's own code. `POST` to a session's `url` pays it.
 */
export class FakeStripe {
  readonly sessions = new Map<string, FakeSession>();
  readonly paymentIntents = new Map<string, FakePaymentIntent>();
  /** Where webhooks go when somebody pays at a session's `url`. */
  webhookUrl: string | undefined;

  private readonly stripe = new Stripe('sk_test_demo');
  private readonly webhookSecret = 'whsec_demo_0123456789';

  private constructor(private readonly server: http.Server) {}

  static async start(): Promise<FakeStripe> {
    const server = http.createServer();
    const fake = new FakeStripe(server);
    server.on('request', (request, response) => {
      fake.answer(request, response).catch(() => {
        respond(response, 502, { error: { message: 'The demo could not do that' } });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What the shop needs to know to talk with this one. */
  env(): Record<string, string> {
    return {
      STRIPE_SECRET_KEY: 'sk_test_demo',
      STRIPE_WEBHOOK_SECRET: this.webhookSecret,
      STRIPE_API_URL: this.url,
    };
  }

  /** The webhook that Stripe sends when the customer has paid. */
  paidWebhook(sessionId: string, createdAtMs = Date.now()): SignedWebhook {
    const session = this.sessions.get(sessionId);
    if (session === undefined) throw new Error(`There is no session ${sessionId}`);
    return this.completedWebhook({ ...session, payment_status: 'paid' }, createdAtMs);
  }

  /** The webhook of a customer who has come to the end of the session, paid or not. */
  completedWebhook(session: FakeSession, createdAtMs = Date.now()): SignedWebhook {
    return this.webhook('checkout.session.completed', session, createdAtMs);
  }

  /** The other webhook about the same payment. Stripe sends both, in any order. */
  paymentIntentWebhook({ payment_intent: id }: FakeSession): SignedWebhook {
    const intent = this.paymentIntents.get(id);
    if (intent === undefined) throw new Error(`There is no payment intent ${id}`);
    return this.webhook('payment_intent.succeeded', intent, Date.now());
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private webhook(type: string, object: object, createdAtMs: number): SignedWebhook {
    const payload = JSON.stringify({
      id: `evt_${randomBytes(8).toString('hex')}`,
      object: 'event',
      type,
      created: Math.floor(createdAtMs / 1_000),
      livemode: true,
      data: { object },
    });
    const signature = this.stripe.webhooks.generateTestHeaderString({
      payload,
      secret: this.webhookSecret,
    });
    return { payload, signature };
  }

  private async answer(
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    const body = await text(request);
    const path = request.url ?? '';
    if (request.method === 'POST' && path === '/v1/checkout/sessions') {
      respond(response, 200, this.createSession(new URLSearchParams(body)));
      return;
    }
    const [, paid] = /^\/pay\/(\w+)$/.exec(path) ?? [];
    if (request.method === 'POST' && paid !== undefined && this.sessions.has(paid)) {
      respond(response, 200, await this.pay(paid));
      return;
    }
    respond(response, 404, { error: { message: 'The demo knows no such thing' } });
  }

  private createSession(form: URLSearchParams): FakeSession {
    const id = `cs_live_${randomBytes(8).toString('hex')}`;
    const intent: FakePaymentIntent = {
      id: `pi_${randomBytes(8).toString('hex')}`,
      object: 'payment_intent',
      amount_received: totalOf(form),
      currency: form.get('line_items[0][price_data][currency]') ?? '',
      metadata: metadataOf(form, 'payment_intent_data[metadata]'),
    };
    const session: FakeSession = {
      id,
      object: 'checkout.session',
      mode: form.get('mode') ?? '',
      url: `${this.url}/pay/${id}`,
      currency: intent.currency,
      amount_total: intent.amount_received,
      payment_intent: intent.id,
      payment_status: 'unpaid',
      customer_details: { email: form.get('customer_email') },
      metadata: metadataOf(form, 'metadata'),
    };
    this.sessions.set(id, session);
    this.paymentIntents.set(intent.id, intent);
    return session;
  }

  private async pay(sessionId: string): Promise<unknown> {
    if (this.webhookUrl === undefined) return { paid: true };
    const { payload, signature } = this.paidWebhook(sessionId);
    const answer = await fetch(this.webhookUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'stripe-signature': signature },
      body: payload,
    });
    return { paid: true, webhook: { status: answer.status, answer: await answer.json() } };
  }
}

function totalOf(form: URLSearchParams): number {
  let total = 0;
  for (let index = 0; form.has(`line_items[${index}][quantity]`); index += 1) {
    const price = Number(form.get(`line_items[${index}][price_data][unit_amount]`));
    total += price * Number(form.get(`line_items[${index}][quantity]`));
  }
  return total;
}

/** Stripe's client sends forms: `metadata[order_id]=…`. */
function metadataOf(form: URLSearchParams, place: string): Metadata {
  return Object.fromEntries(
    [...form]
      .filter(([key]) => key.startsWith(`${place}[`))
      .map(([key, value]) => [key.slice(place.length + 1, -1), value]),
  );
}

function respond(response: http.ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
