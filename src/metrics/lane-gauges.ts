import type { TrackingActivity } from '../outbox/activity';
import type { LaneStats } from '../outbox/outbox';
import type { DestinationStats, MatchQuality } from '../match-quality';
import type { ServerTrackingService } from '../server-tracking.service';
import { RecentStats } from './recent-stats';

/** One destination at this moment. */
export interface LaneGauge {
  readonly destination: string;
  /** Nothing is handed over for a while: a refused token, an outage, a throttled account. */
  readonly isPaused: boolean;
  /** Unknown as long as the storage has never told. */
  readonly queue: Pick<LaneStats, 'pending' | 'pendingBytes'> | undefined;
  /** Nothing where this process has made no event for it yet. */
  readonly match: Matching | undefined;
}

/** Shares from 0 to 1, of the last events. */
export interface Matching {
  readonly keys: MatchQuality['keys'];
  readonly tooWeak: number;
}

export const KEY_SHARE = 'Share of the last 1,000 events that have the match key';
export const TOO_WEAK_SHARE =
  'Share of the last 1,000 events that were refused because nobody can be recognised by them';

const EMPTY_QUEUE = { pending: 0, pendingBytes: 0 };

/** The gauges of all destinations: what is asked for when somebody looks, and what only activity tells. */
export class LaneGauges {
  private readonly paused = new Set<string>();
  private readonly stats: RecentStats<DestinationStats>;

  constructor(private readonly tracking: ServerTrackingService) {
    this.stats = new RecentStats(() => tracking.stats());
  }

  /** Those that have their credentials. */
  get enabled(): readonly string[] {
    return this.states
      .filter(([, { state }]) => state !== 'disabled')
      .map(([destination]) => destination);
  }

  note(activity: TrackingActivity): void {
    if (activity.kind === 'paused') this.paused.add(activity.destination);
    if (activity.kind === 'resumed') this.paused.delete(activity.destination);
  }

  /** Never rejects; takes 1 s at the most. Of disabled destinations, those that something waits for. */
  async read(): Promise<readonly LaneGauge[]> {
    const stats = await this.stats.read();
    const lanes = new Map(stats?.map((lane) => [lane.destination, lane]));
    // A refused token shows in the status too, which was there before anybody listened.
    const refused = this.states
      .filter(([, { state }]) => state === 'paused')
      .map(([destination]) => destination);
    return [...new Set([...this.enabled, ...lanes.keys()])].map((destination) => ({
      destination,
      isPaused: this.paused.has(destination) || refused.includes(destination),
      queue: stats === undefined ? undefined : (lanes.get(destination) ?? EMPTY_QUEUE),
      match: matching(lanes.get(destination)?.matchQuality),
    }));
  }

  private get states() {
    return Object.entries(this.tracking.getStatus().details.destinations);
  }
}

function matching(quality: MatchQuality | undefined): Matching | undefined {
  if (quality === undefined || quality.events === 0) return undefined;
  return { keys: quality.keys, tooWeak: quality.tooWeak / quality.events };
}
