import type { LoggerService } from '@nestjs/common';

import type { Destination } from './destinations/destination';
import type { DestinationTools } from './destinations/destination-definition';
import { TestModeUntil } from './destinations/test-mode';
import { inTestMode } from './test-events.options';
import type { EnabledDestination, ResolvedTrackingOptions } from './tracking.options';

/** Test modes that production lets pass for a while: the test event codes, the preview token, GA4's `validate`. */
export class TestEvents {
  /** @param untilMs Unix milliseconds; `undefined`: as long as the settings say. */
  constructor(
    private readonly untilMs: number | undefined,
    private readonly now: () => number,
  ) {}

  /** Builds a destination that leaves its test mode by itself when the time is up. */
  async open(enabled: EnabledDestination, tools: DestinationTools): Promise<Destination> {
    const { definition, settings } = enabled;
    const destination = await definition.create(settings, tools);
    if (this.untilMs === undefined || !inTestMode(enabled)) return destination;
    const usual = await definition.create(withoutTestMode(enabled), tools);
    return new TestModeUntil(destination, usual, () => this.isOver());
  }

  /** Where events go at this moment. */
  endpoint(enabled: EnabledDestination): string {
    const { definition, settings } = enabled;
    return definition.describe(this.isOver() ? withoutTestMode(enabled) : settings);
  }

  /**
   * Says it in the log when the time is up.
   *
   * @returns takes the timer away.
   */
  tellEnd(
    { destinations, clock }: Pick<ResolvedTrackingOptions, 'destinations' | 'clock'>,
    logger: LoggerService,
  ): () => void {
    if (this.untilMs === undefined) return () => undefined;
    const names = destinations
      .filter(inTestMode)
      .map(({ definition: { name, testMode } }) => `${name}.${testMode?.option ?? ''}`);
    return clock.after(this.untilMs - this.now(), () => {
      logger.error(
        `tracking: the time for test events is over: ${names.join(', ')} no longer applies and events are sent as usual; remove it, the next start refuses it`,
      );
    });
  }

  private isOver(): boolean {
    return this.untilMs !== undefined && this.now() >= this.untilMs;
  }
}

function withoutTestMode({ definition, settings }: EnabledDestination): unknown {
  return definition.testMode === undefined ? settings : definition.testMode.off(settings);
}
