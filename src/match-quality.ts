import type { Destination } from './destinations/destination';
import type { ProtectedEvent, ProtectedUserData } from './events/protected-event';
import type { LaneStats } from './outbox/outbox';
import { FORMS_OF_FIELD } from './privacy/minimization.options';

/** How well a platform can recognise the people of the last 1,000 events that this process made for it. */
export interface MatchQuality {
  /** How many these are; less than 1,000 after the start. */
  readonly events: number;
  /**
   * Share of them with each match key, from 0 to 1: user data in the host's words (`email`, `phone`, `id`),
   * click IDs (`fbc`) and what of the context the destination reads (`ip`, `gaClientId`).
   */
  readonly keys: Readonly<Record<string, number>>;
  /** How many of them were refused, because nobody could be recognised by them: `too_weak` in the receipt. */
  readonly tooWeak: number;
}

/** The counters of a lane are the storage's, the match quality is this process's. */
export interface DestinationStats extends LaneStats {
  readonly matchQuality: MatchQuality;
}

/** The match quality of all destinations; events are held against it when they are encoded. */
export class MatchQualityBoard {
  private readonly tallies: ReadonlyMap<string, KeyTally>;

  constructor(destinations: readonly Destination[]) {
    this.tallies = new Map(
      destinations.map((destination) => [destination.name, new KeyTally(matchKeysOf(destination))]),
    );
  }

  note(destination: string, event: ProtectedEvent, isTooWeak: boolean): void {
    this.tallies.get(destination)?.note(event, isTooWeak);
  }

  /** @returns nothing counted for a destination that is not enabled here. */
  of(destination: string): MatchQuality {
    return this.tallies.get(destination)?.quality() ?? NOTHING;
  }

  beside(lanes: readonly LaneStats[]): readonly DestinationStats[] {
    return lanes.map((lane) => ({ ...lane, matchQuality: this.of(lane.destination) }));
  }
}

const NOTHING: MatchQuality = { events: 0, keys: {}, tooWeak: 0 };

/** Whether an event has one match key. */
type HasKey = (event: ProtectedEvent) => boolean;

/** Of each event that is remembered a row: a cell per match key, and one at the end for too weak. */
class KeyTally {
  private static readonly WINDOW = 1_000;

  private readonly names: readonly string[];
  private readonly has: readonly HasKey[];
  private readonly width: number;
  private readonly cells: Uint8Array;
  /** Sums of the columns. */
  private readonly counts: Uint16Array;
  private seen = 0;

  constructor(keys: ReadonlyMap<string, HasKey>) {
    this.names = [...keys.keys()];
    this.has = [...keys.values()];
    this.width = keys.size + 1;
    this.cells = new Uint8Array(KeyTally.WINDOW * this.width);
    this.counts = new Uint16Array(this.width);
  }

  note(event: ProtectedEvent, isTooWeak: boolean): void {
    const row = (this.seen % KeyTally.WINDOW) * this.width;
    this.seen += 1;
    let column = 0;
    for (const has of this.has) this.set(row, column++, has(event) ? 1 : 0);
    this.set(row, this.width - 1, isTooWeak ? 1 : 0);
  }

  quality(): MatchQuality {
    const events = Math.min(this.seen, KeyTally.WINDOW);
    const share = (column: number) => (events === 0 ? 0 : (this.counts[column] ?? 0) / events);
    return {
      events,
      keys: Object.fromEntries(this.names.map((name, column) => [name, share(column)])),
      tooWeak: this.counts[this.width - 1] ?? 0,
    };
  }

  /** In the place of what the oldest event had there. */
  private set(row: number, column: number, value: 0 | 1): void {
    const at = row + column;
    this.counts[column] = (this.counts[column] ?? 0) + value - (this.cells[at] ?? 0);
    this.cells[at] = value;
  }
}

function matchKeysOf({ userDataForms, matchKeys = {} }: Destination): ReadonlyMap<string, HasKey> {
  const { userData = [], context = [], clickIds = [] } = matchKeys;
  const taken = new Set<keyof ProtectedUserData>([...userDataForms, ...userData]);
  const keys = new Map<string, HasKey>();
  for (const [field, forms] of Object.entries(FORMS_OF_FIELD)) {
    // A visitor is known by a cookie of ours and needs no account: that is another thing to look at.
    const own = forms.filter((form) => taken.has(form) && form !== 'visitorId');
    if (own.length > 0) keys.set(field, field === 'id' ? hasOne(own) : hasAllowed(own));
  }
  if (taken.has('visitorId')) keys.set('visitorId', hasOne(['visitorId']));
  for (const name of clickIds)
    keys.set(name, (event) => mayIdentify(event) && event.context.clickIds?.[name] !== undefined);
  for (const name of context) keys.set(name, (event) => event.context[name] !== undefined);
  return keys;
}

function hasOne(forms: readonly (keyof ProtectedUserData)[]): HasKey {
  // Asked dozens of times for each event: no closure.
  return ({ userData }) => {
    for (const form of forms) if (userData[form] !== undefined) return true;
    return false;
  };
}

function hasAllowed(forms: readonly (keyof ProtectedUserData)[]): HasKey {
  const has = hasOne(forms);
  return (event) => mayIdentify(event) && has(event);
}

/** Where a person said no to user data for ads, a destination of analytics gets the event without it. */
function mayIdentify({ consent }: ProtectedEvent): boolean {
  return consent.adUserData !== 'denied';
}
