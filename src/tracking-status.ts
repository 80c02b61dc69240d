import type { AuditHealth, AuditTrail } from './audit-trail';
import type { LaneHealth, LaneHealthBoard } from './outbox/lane-health';
import type { StorageHealth } from './outbox/storage';
import type { DeliveryRole } from './delivery/delivery.options';
import type { DestinationName, TrackingStorage } from './tracking.options';

/** A destination of the catalog, as the status shows it. */
export interface DestinationSummary {
  readonly name: string;
  readonly isEnabled: boolean;
  /** Origin and path; never a secret. */
  readonly endpoint?: string;
}

export interface DestinationStatus {
  readonly state: LaneHealth['state'] | 'disabled';
  readonly endpoint?: string;
  /** Why it is failing or paused. */
  readonly reason?: string;
}

/** `true` for each destination that is enabled and can deliver. */
export type TrackingStatus = Readonly<Record<DestinationName, boolean>> & {
  /** Every enabled destination can deliver, and the storage takes events. */
  readonly overall: boolean;
  readonly details: {
    readonly storage: string;
    readonly storageHealth: StorageHealth;
    /** Where an audit log is kept. It is no part of `overall`: events go on, and its lines wait. */
    readonly audit?: { readonly log: string } & AuditHealth;
    readonly role: DeliveryRole;
    /** Events of bots that nobody got, since this process started. */
    readonly skippedBots: number;
    readonly destinations: Readonly<Record<DestinationName, DestinationStatus>>;
  };
};

export function trackingStatus(
  summaries: readonly DestinationSummary[],
  health: LaneHealthBoard,
  storage: TrackingStorage,
  role: DeliveryRole,
  skippedBots: number,
  audit?: Pick<AuditTrail, 'description' | 'health'>,
): TrackingStatus {
  const storageHealth = storage.health?.() ?? { state: 'ready' };
  const states = summaries.map(
    (summary) => [summary.name, destinationStatus(summary, health)] as const,
  );
  const flags = states.map(([name, { state }]) => [name, state === 'ready'] as const);
  return {
    ...Object.fromEntries(flags),
    overall:
      storageHealth.state === 'ready' &&
      states.every(([, { state }]) => state === 'ready' || state === 'disabled'),
    details: {
      storage: storage.description,
      storageHealth,
      ...(audit !== undefined && { audit: { log: audit.description, ...audit.health() } }),
      role,
      skippedBots,
      destinations: Object.fromEntries(states),
    },
  } as TrackingStatus;
}

function destinationStatus(
  { name, isEnabled, endpoint }: DestinationSummary,
  health: LaneHealthBoard,
): DestinationStatus {
  if (!isEnabled) return { state: 'disabled' };
  const lane = health.of(name);
  return { state: lane.state, endpoint, ...('reason' in lane && { reason: lane.reason }) };
}
