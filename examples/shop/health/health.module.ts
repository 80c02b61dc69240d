import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { TrackingHealthIndicator } from 'nestjs-server-tracking/health';

import { HealthController } from './health.controller';

@Module({
  imports: [TerminusModule],
  controllers: [HealthController],
  providers: [TrackingHealthIndicator],
})
export class HealthModule {}
