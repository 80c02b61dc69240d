import 'reflect-metadata';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ServerTrackingService,
  TrackingModule,
  type TrackingModuleOptions,
} from 'nestjs-server-tracking';
import {
  StripeTrackingModule,
  StripeTrackingService,
  type StripeEventLike,
} from 'nestjs-server-tracking/stripe';

/** What the parent tells this process, one at a time; each is answered. */
export type StormOrder =
  | { readonly kind: 'start'; readonly options: TrackingModuleOptions }
  | { readonly kind: 'deliver'; readonly events: readonly StripeEventLike[] }
  | { readonly kind: 'stop' };

/** How many deliveries came to which end. */
export type StormAnswer = Readonly<Record<string, number>>;

/** An application without HTTP that takes webhooks; in the spec and, by IPC, in a process of its own. */
export class StormApp {
  private constructor(private readonly app: Awaited<ReturnType<typeof createApp>>) {}

  static async start(options: TrackingModuleOptions): Promise<StormApp> {
    return new StormApp(await createApp(options));
  }

  get payments(): StripeTrackingService {
    return this.app.get(StripeTrackingService);
  }

  /** All at once, as a webhook endpoint gets them after an outage. */
  async deliver(events: readonly StripeEventLike[]): Promise<StormAnswer> {
    const ends: Record<string, number> = {};
    await Promise.all(
      events.map(async (event) => {
        const result = await this.payments.trackStripeEvent(event);
        const end = result.kind === 'tracked' ? result.receipt.status : result.kind;
        ends[end] = (ends[end] ?? 0) + 1;
      }),
    );
    return ends;
  }

  /** @returns how often an entry was tried again, per destination, by all processes so far. */
  async stop(): Promise<StormAnswer> {
    const tracking = this.app.get(ServerTrackingService);
    await tracking.flush({ timeoutMs: 10_000 });
    const lanes = await tracking.stats();
    await this.app.close();
    return Object.fromEntries(lanes.map(({ destination, retries }) => [destination, retries]));
  }
}

function createApp(options: TrackingModuleOptions) {
  @Module({ imports: [TrackingModule.forRoot(options), StripeTrackingModule.forRoot()] })
  class StormModule {}
  return NestFactory.createApplicationContext(StormModule, { logger: false });
}

async function obey(): Promise<void> {
  let app: StormApp | undefined;
  const carryOut = async (order: StormOrder): Promise<StormAnswer> => {
    if (order.kind === 'start') app = await StormApp.start(order.options);
    if (order.kind === 'deliver') return (await app?.deliver(order.events)) ?? {};
    if (order.kind === 'stop') return (await app?.stop()) ?? {};
    return {};
  };
  for await (const order of ordersOf()) {
    process.send?.(await carryOut(order));
    if (order.kind === 'stop') process.disconnect();
  }
}

async function* ordersOf(): AsyncGenerator<StormOrder> {
  for (;;) {
    const order = await new Promise<StormOrder>((resolve) => {
      process.once('message', resolve as (message: unknown) => void);
    });
    yield order;
    if (order.kind === 'stop') return;
  }
}

if (process.argv[2] === 'obey') void obey();
