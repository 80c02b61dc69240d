import {
  Inject,
  Injectable,
  type LoggerService,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';

import type { Clock } from '../clock';
import type { Destination } from '../destinations/destination';
import { printableText } from '../events/printable-text';
import type { ActivityStream } from '../outbox/activity';
import type { LaneHealthBoard } from '../outbox/lane-health';
import type { Consumer, LeasedEntry, NextStep, Outbox } from '../outbox/outbox';
import { untilTimeIsUp } from '../outbox/until-time-is-up';
import { TRACKING_DELIVERY_PARTS } from '../tracking.tokens';
import type { DeliveryRole } from './delivery.options';
import { Lane, type LaneReport, type LaneSettings } from './lane';
import type { SendGate } from './send-gate';

/** How often a failing destination is mentioned in the log at the most. */
const FAILURE_LOG_INTERVAL_MS = 60_000;

const STOP_TIMEOUT_MS = 1_000;

export interface DeliveryParts {
  readonly role: DeliveryRole;
  readonly outbox: Outbox;
  /** Whether what is pending outlives the process. */
  readonly isDurable: boolean;
  /** Asked before each send. */
  readonly gate: SendGate;
  /** Hears how each entry ended here. */
  readonly audit: { ended(entry: LeasedEntry, step: NextStep): void } | undefined;
  readonly activity: ActivityStream;
  readonly lanes: readonly { readonly destination: Destination; readonly settings: LaneSettings }[];
  readonly health: LaneHealthBoard;
  readonly clock: Clock;
  readonly logger: LoggerService;
  readonly shutdownTimeoutMs: number;
  /** Releases storage and connections. */
  readonly close: () => Promise<void>;
}

/** Starts a lane per destination with the application and drains them when it closes. */
@Injectable()
export class DeliveryService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly running: { lane: Lane; consumer: Consumer }[] = [];
  private isStopped = false;

  constructor(@Inject(TRACKING_DELIVERY_PARTS) private readonly parts: DeliveryParts) {}

  onApplicationBootstrap(): void {
    if (this.parts.role !== 'accept') this.start();
  }

  /** Runs after the server closed, so that requests under way could still hand in their events. */
  async onApplicationShutdown(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    const { outbox, shutdownTimeoutMs, close } = this.parts;
    if (this.running.length > 0) await outbox.flush(shutdownTimeoutMs);
    for (const { lane } of this.running) lane.abort();
    await this.stopped();
    if (!this.parts.isDurable) await this.mentionLost();
    await close();
  }

  /** Attempts have been cut off; one that does not heed that must not hold up the host's end. */
  private async stopped(): Promise<void> {
    await untilTimeIsUp(STOP_TIMEOUT_MS, () =>
      Promise.all(this.running.map(({ consumer }) => consumer.stop())),
    );
  }

  private async mentionLost(): Promise<void> {
    const { outbox, logger } = this.parts;
    const pending = (await outbox.stats()).reduce((sum, lane) => sum + lane.pending, 0);
    if (pending > 0)
      logger.warn(
        `tracking: ${pending} entries could not be delivered before the shutdown; memory does not keep them`,
      );
  }

  private start(): void {
    const { outbox, lanes, health, clock, activity, gate } = this.parts;
    for (const { destination, settings } of lanes) {
      const lane = new Lane(
        destination,
        settings,
        clock,
        health,
        this.laneReport(),
        activity,
        gate,
      );
      const consumer = outbox.consume(
        {
          destination: destination.name,
          maxEntries: settings.maxBatchEvents,
          concurrency: settings.concurrency,
          lingerMs: settings.lingerMs,
        },
        lane.handle,
      );
      this.running.push({ lane, consumer });
    }
  }

  private laneReport(): LaneReport {
    const { logger, clock, audit } = this.parts;
    const mentionedAtMs = new Map<string, number>();
    return {
      ...(audit !== undefined && {
        ended: (entry, step) => {
          audit.ended(entry, step);
        },
      }),
      paused: (destination, reason) => {
        logger.error(`tracking: ${destination} is paused, events are kept: ${reason}`);
      },
      deadLettered: (destination, eventId, reason) => {
        logger.warn(`tracking: ${destination} gave up event ${printableText(eventId)}: ${reason}`);
      },
      failed: (destination, reason) => {
        const sinceMs = clock.now() - (mentionedAtMs.get(destination) ?? -Infinity);
        if (sinceMs < FAILURE_LOG_INTERVAL_MS) return;
        mentionedAtMs.set(destination, clock.now());
        logger.warn(`tracking: ${destination} fails, trying again: ${reason}`);
      },
    };
  }
}
