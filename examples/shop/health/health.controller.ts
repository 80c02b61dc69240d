import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { ServerTrackingService, type TrackingStatus } from 'nestjs-server-tracking';
import { TrackingHealthIndicator } from 'nestjs-server-tracking/health';

@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly trackingHealth: TrackingHealthIndicator,
    private readonly tracking: ServerTrackingService,
  ) {}

  /** For an alarm. Not for a liveness probe: restarting the shop does not mend a platform. */
  @Get('health')
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.trackingHealth.isHealthy()]);
  }

  /** Which platforms are enabled and can be delivered to. */
  @Get('status')
  status(): TrackingStatus {
    return this.tracking.getStatus();
  }
}
