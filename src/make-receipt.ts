import type { Problem } from './events/problem';
import type { DestinationReceipt, TrackReceipt } from './events/receipt';

/** The event itself is wrong: nobody gets it. */
export function rejected(eventId: string, problems: readonly Problem[]): TrackReceipt {
  return { eventId, status: 'rejected', destinations: {}, problems };
}

export function receiptOf(
  eventId: string,
  destinations: Readonly<Record<string, DestinationReceipt>>,
  problems: readonly Problem[],
): TrackReceipt {
  return { eventId, status: statusOf(destinations), destinations, problems };
}

function statusOf(
  destinations: Readonly<Record<string, DestinationReceipt>>,
): TrackReceipt['status'] {
  let status: TrackReceipt['status'] = 'skipped';
  for (const name in destinations) {
    switch (destinations[name]?.kind) {
      case 'skipped':
        break;
      case 'rejected':
        if (status === 'skipped') status = 'rejected';
        break;
      case 'duplicate':
        status = 'duplicate';
        break;
      default:
        return 'accepted';
    }
  }
  return status;
}

export function hasRejection(destinations: Readonly<Record<string, DestinationReceipt>>): boolean {
  for (const name in destinations) if (destinations[name]?.kind === 'rejected') return true;
  return false;
}
