import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

import { ServerTrackingService } from '../server-tracking.service';

/**
 * For `@nestjs/terminus`: up while every enabled destination can deliver.
 *
 * A platform that is down is no reason to restart the application: use it for a status page or an
 * alarm, not for the liveness probe.
 *
 * @see https://docs.nestjs.com/recipes/terminus
 */
@Injectable()
export class TrackingHealthIndicator {
  constructor(
    @Inject(ServerTrackingService) private readonly tracking: ServerTrackingService,
    @Inject(HealthIndicatorService) private readonly indicator: HealthIndicatorService,
  ) {}

  /** @param key the name under which the result stands; default `tracking`. */
  isHealthy(key = 'tracking'): HealthIndicatorResult {
    const { overall, details } = this.tracking.getStatus();
    const session = this.indicator.check(key);
    const { storage, storageHealth, destinations } = details;
    const data = { storage, storageHealth, destinations };
    return overall ? session.up(data) : session.down(data);
  }
}
