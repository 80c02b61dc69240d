import { Controller, Get, Inject, Module } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import { TrackingHealthIndicator } from 'nestjs-server-tracking/health';
import { PlatformStub, aPurchase } from 'nestjs-server-tracking/testing';

import { RecordingLogger } from './support/recording-logger';
import { startApp } from './support/start-app';

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(TrackingHealthIndicator) private readonly tracking: TrackingHealthIndicator,
  ) {}

  @Get()
  check() {
    return this.health.check([() => this.tracking.isHealthy()]);
  }
}

@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [TrackingHealthIndicator],
})
class HealthModule {}

describe('TrackingHealthIndicator', () => {
  it('is up while every enabled destination can deliver, and down with the reason when one cannot', async () => {
    const stub = await PlatformStub.start();
    const { app, url } = await startApp('express', {
      imports: [
        TrackingModule.forRoot({ meta: stub.options().meta, logger: new RecordingLogger() }),
        HealthModule,
      ],
    });
    const up = await fetch(`${url}/health`);
    expect(up.status).toBe(200);
    expect(await up.json()).toMatchObject({
      info: {
        tracking: {
          status: 'up',
          storage: 'memory',
          destinations: { meta: { state: 'ready' }, tiktok: { state: 'disabled' } },
        },
      },
    });

    stub.behave('meta', { kind: 'auth-error' });
    await app
      .get(ServerTrackingService)
      .trackPurchase(aPurchase(), { until: 'settled', timeoutMs: 150 });
    const down = await fetch(`${url}/health`);
    expect(down.status).toBe(503);
    expect(await down.json()).toMatchObject({
      error: {
        tracking: {
          status: 'down',
          destinations: {
            meta: { state: 'paused', reason: expect.stringContaining('Meta error 190') as string },
          },
        },
      },
    });
    await app.close();
    await stub.close();
  });
});
