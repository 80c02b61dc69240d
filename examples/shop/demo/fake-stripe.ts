import { randomBytes } from 'node:crypto';
import * as http from 'node:http';
import { text } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';

import Stripe from 'stripe';

/** A checkout session, with as much of it as the shop looks at. */
export interface FakeSession {
  readonly id: string;
  readonly object: 'checkout.session';
  readonly url: string;
  readonly currency: string;
  readonly amount_total: number;
  readonly payment_status: 'paid' | 'unpaid';
  readonly metadata: Readonly<Record<string, string>>;
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
    const payload = JSON.stringify({
      id: `evt_${randomBytes(8).toString('hex')}`,
      object: 'event',
      type: 'checkout.session.completed',
      created: Math.floor(createdAtMs / 1_000),
      livemode: false,
      data: { object: session },
    });
    const signature = this.stripe.webhooks.generateTestHeaderString({
      payload,
      secret: this.webhookSecret,
    });
    return { payload, signature };
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
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
    const id = `cs_test_${randomBytes(8).toString('hex')}`;
    const session: FakeSession = {
      id,
      object: 'checkout.session',
      url: `${this.url}/pay/${id}`,
      currency: form.get('line_items[0][price_data][currency]') ?? '',
      amount_total: totalOf(form),
      payment_status: 'unpaid',
      metadata: metadataOf(form),
    };
    this.sessions.set(id, session);
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

function metadataOf(form: URLSearchParams): Record<string, string> {
  return Object.fromEntries(
    [...form].flatMap(([key, value]) => {
      const [, name] = /^metadata\[(\w+)\]$/.exec(key) ?? [];
      return name === undefined ? [] : [[name, value]];
    }),
  );
}

function respond(response: http.ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
