import { Test } from '@nestjs/testing';
import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import { PlatformStub, aPurchase } from 'nestjs-server-tracking/testing';

it('smoke', async () => {
  const stub = await PlatformStub.start();
  const module = await Test.createTestingModule({
    imports: [TrackingModule.forRoot(stub.options())],
  }).compile();
  const app = module.createNestApplication();
  await app.init();
  const tracking = app.get(ServerTrackingService);
  console.log(
    JSON.stringify(await tracking.trackPurchase(aPurchase(), { until: 'settled' }), null, 1),
  );
  console.log(
    JSON.stringify(
      stub.requests.map((r) => [r.url, r.json]),
      null,
      1,
    ),
  );
  console.log(
    JSON.stringify(tracking.getStatus()),
    await tracking.trackPurchase(aPurchase({ orderId: '10001', value: NaN, user: { phone: 'x' } })),
  );
  await app.close();
  await stub.close();
});
