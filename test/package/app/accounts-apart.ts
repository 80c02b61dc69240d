import 'reflect-metadata';

import assert from 'node:assert/strict';

import { Module, type DynamicModule } from '@nestjs/common';
import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import { PlatformStub, aPurchase } from 'nestjs-server-tracking/testing';

import { start } from './start.js';

interface Account {
  readonly shop: string;
  readonly pixelId: string;
  readonly accessToken: string;
}

const ACCOUNTS: readonly Account[] = [
  { shop: 'north', pixelId: '1111111111111111', accessToken: 'EAAnorth' },
  { shop: 'south', pixelId: '2222222222222222', accessToken: 'EAAsouth' },
];
const PURCHASES = 20;

async function main(): Promise<void> {
  const stub = await PlatformStub.start();

  const both = await start({ imports: ACCOUNTS.map((account) => shopModule(account, stub)) });
  await assertApart(
    stub,
    ACCOUNTS.map(({ shop }) => both.get<ServerTrackingService>(shop)),
  );
  await both.close();

  stub.reset();
  const apps = await Promise.all(
    ACCOUNTS.map((account) => start({ imports: [shopModule(account, stub)] })),
  );
  await assertApart(
    stub,
    apps.map((app) => app.get(ServerTrackingService)),
  );
  await Promise.all(apps.map((app) => app.close()));

  await stub.close();
  console.log('ok');
}

@Module({})
class ShopModule {}

/** A module of the host's with an account of its own. */
function shopModule({ shop, ...meta }: Account, stub: PlatformStub): DynamicModule {
  return {
    module: ShopModule,
    imports: [TrackingModule.forRoot({ isGlobal: false, meta: { ...meta, baseUrl: stub.url } })],
    providers: [
      {
        provide: shop,
        inject: [ServerTrackingService],
        useFactory: (tracking: ServerTrackingService) => tracking,
      },
    ],
  };
}

/** Both sell at the same time, under the same order numbers. */
async function assertApart(
  stub: PlatformStub,
  shops: readonly ServerTrackingService[],
): Promise<void> {
  const orderIds = Array.from({ length: PURCHASES }, (_, index) => `order-${index}`);
  const receipts = await Promise.all(
    orderIds.flatMap((orderId) =>
      shops.map((tracking, index) =>
        tracking.trackPurchase(
          aPurchase({ orderId, properties: { shop: ACCOUNTS[index]?.shop ?? '' } }),
          { until: 'settled' },
        ),
      ),
    ),
  );
  for (const { destinations } of receipts) assert.equal(destinations.meta?.kind, 'delivered');
  for (const { shop, pixelId, accessToken } of ACCOUNTS) {
    const requests = stub.requestsTo('meta').filter(({ url }) => url.includes(pixelId));
    const events = requests.flatMap(({ json }) => (json as { data: MetaEvent[] }).data);
    assert.ok(events.every(({ custom_data }) => custom_data.shop === shop));
    assert.deepEqual(
      events.map(({ custom_data }) => custom_data.order_id).sort(),
      [...orderIds].sort(),
    );
    for (const { url, headers, text } of requests) {
      const sent = [url, JSON.stringify(headers), text].join('\n');
      assert.ok(sent.includes(accessToken));
      for (const other of ACCOUNTS.filter((account) => account.shop !== shop)) {
        assert.ok(!sent.includes(other.accessToken) && !sent.includes(other.pixelId));
      }
    }
  }
}

interface MetaEvent {
  readonly custom_data: { readonly order_id: string; readonly shop: string };
}

void main();
