import type { SentEvent } from './sent-events';

/** One call of a browser pixel, as the page collected it. */
export interface BrowserEvent {
  /** As the pixel was called: `Purchase`. */
  readonly name: string;
  /** What the call gave as Meta's `eventID` or TikTok's `event_id`; that there is none is worth knowing. */
  readonly eventId?: string | number | null | undefined;
  /** A date, text in ISO 8601 or Unix milliseconds. Without it two copies are taken to be close enough. */
  readonly occurredAt?: Date | string | number | undefined;
}

export type DeduplicationCause =
  | 'missing-id' // the browser gave none
  | 'number' // the same ID, but no text
  | 'spaces' // around the ID
  | 'case' // upper and lower case differ
  | 'prefix' // both end alike
  | 'other-name' // the server sends it under another name
  | 'too-far-apart' // more than 48 hours between the two
  | 'unrelated-ids' // the server sends the name, and no ID of it is alike
  | 'not-at-server'; // the server has sent nothing that could be its twin

/** Browser events without a twin on the server, for one cause. */
export interface DeduplicationFinding {
  /** As the browser calls it. */
  readonly name: string;
  readonly cause: DeduplicationCause;
  /** How many of the browser's events. */
  readonly events: number;
  /** Event IDs of the first; of the server where one is alike. */
  readonly example: { readonly browser?: string; readonly server?: string };
  /** For a person: what was found and what to do. */
  readonly message: string;
}

/** Every event of the browser is either paired or in exactly one finding. */
export interface DeduplicationReport {
  /** How many events of the server it was held against. */
  readonly server: number;
  readonly browser: number;
  /** The browser's events of which the server sent one with the same name and ID. */
  readonly paired: number;
  /** `paired / browser`, from 0 to 1; 0 without events. */
  readonly share: number;
  /** Names that the server alone sends: in order where no browser is there, as with a refund. */
  readonly onlyServer: readonly string[];
  readonly onlyBrowser: readonly string[];
  /** Those with the most events first. */
  readonly findings: readonly DeduplicationFinding[];
}

/** How far apart two copies may be at Meta and TikTok. */
const WINDOW_MS = 48 * 3_600_000;
/** A number below this can only be seconds. */
const FIRST_PLAUSIBLE_MS = 100_000_000_000;
/** Longer IDs are compared as they are, but not looked at for what is alike. */
const MAX_COMPARED = 200;

/**
 * Holds what a browser pixel sent against what the server sent to the same platform. Pure; linear in the events.
 *
 * @see https://developers.facebook.com/docs/marketing-api/conversions-api/deduplicate-pixel-and-server-events
 * @see https://ads.tiktok.com/help/article/event-deduplication
 */
export function checkDeduplication(
  browserEvents: readonly BrowserEvent[],
  sentEvents: readonly SentEvent[],
): DeduplicationReport {
  const browser = (Array.isArray(browserEvents) ? browserEvents : []).filter(isBrowserEvent);
  const server = new Map(sentEvents.map((sent) => [pairKey(sent.name, sent.eventId), sent]));
  const pairedKeys = new Set<string>();
  const unpaired: BrowserEvent[] = [];
  for (const event of browser) {
    const key = typeof event.eventId === 'string' ? pairKey(event.name, event.eventId) : '';
    const twin = server.get(key);
    if (twin === undefined || isTooFar(event, twin)) unpaired.push(event);
    else pairedKeys.add(key);
  }
  const left = sentEvents.filter(({ name, eventId }) => !pairedKeys.has(pairKey(name, eventId)));
  const candidates = new Candidates(sentEvents, left);
  const browserNames = new Set(browser.map(({ name }) => name));
  const serverNames = new Set(sentEvents.map(({ name }) => name));
  const paired = browser.length - unpaired.length;
  return {
    server: sentEvents.length,
    browser: browser.length,
    paired,
    share: browser.length === 0 ? 0 : paired / browser.length,
    onlyServer: [...serverNames].filter((name) => !browserNames.has(name)).sort(),
    onlyBrowser: [...browserNames].filter((name) => !serverNames.has(name)).sort(),
    findings: grouped(unpaired.map((event) => findingOf(event, candidates))),
  };
}

/** Where a twin of a browser's event could be found. */
class Candidates {
  readonly names: ReadonlySet<string>;
  readonly leftNames: ReadonlySet<string>;
  readonly byPair: ReadonlyMap<string, SentEvent>;
  readonly byId: ReadonlyMap<string, SentEvent>;
  /** Those without a twin, by name and what of the ID counts when it is written otherwise. */
  readonly alike: ReadonlyMap<string, SentEvent>;
  /** The server's names, by how they are written without case and signs. */
  readonly spelling: ReadonlyMap<string, string>;

  constructor(all: readonly SentEvent[], left: readonly SentEvent[]) {
    this.names = new Set(all.map(({ name }) => name));
    this.leftNames = new Set(left.map(({ name }) => name));
    this.byPair = new Map(all.map((sent) => [pairKey(sent.name, sent.eventId), sent]));
    this.byId = new Map(all.map((sent) => [sent.eventId, sent]));
    this.alike = new Map(left.map((sent) => [pairKey(sent.name, coreOf(sent.eventId)), sent]));
    this.spelling = new Map(
      all.flatMap(({ name, eventName }) => [
        [plain(eventName), name],
        [plain(name), name],
      ]),
    );
  }
}

type Finding = Omit<DeduplicationFinding, 'events'>;

function findingOf(event: BrowserEvent, candidates: Candidates): Finding {
  const { name } = event;
  const id = idText(event);
  if (id === '')
    return finding(
      event,
      'missing-id',
      `${name}: the browser sends no event ID; give it the server's`,
    );
  const twin = candidates.byPair.get(pairKey(name, id));
  if (twin !== undefined && typeof event.eventId === 'number')
    return finding(
      event,
      'number',
      `${name}: the browser gives its event ID as a number; make it text`,
      twin,
    );
  if (twin !== undefined)
    return finding(
      event,
      'too-far-apart',
      `${name}: more than 48 hours lie between the two copies, and the platform counts both`,
      twin,
    );
  const alike = candidates.alike.get(pairKey(name, coreOf(id)));
  if (alike !== undefined) return otherwiseWritten(event, id, alike);
  const elsewhere = candidates.byId.get(id);
  const serverName = elsewhere?.name ?? candidates.spelling.get(plain(name));
  if (serverName !== undefined && (elsewhere !== undefined || !candidates.names.has(name)))
    return finding(
      event,
      'other-name',
      `${name}: the server calls it ${serverName}; both sides need the same name, letter by letter`,
      elsewhere,
    );
  if (candidates.leftNames.has(name))
    return finding(
      event,
      'unrelated-ids',
      `${name}: the server sends other event IDs; both sides seem to make their own: make it once and hand it over`,
    );
  return finding(
    event,
    'not-at-server',
    `${name}: the server has not sent it; it does not track it, consent withheld it, another process sent it, or it is older than what is remembered`,
  );
}

function otherwiseWritten(event: BrowserEvent, id: string, sent: SentEvent): Finding {
  const { name } = event;
  const { eventId } = sent;
  if (id.trim() === eventId.trim())
    return finding(event, 'spaces', `${name}: one event ID has spaces around it`, sent);
  if (id.toLowerCase() === eventId.toLowerCase())
    return finding(
      event,
      'case',
      `${name}: event IDs differ in upper and lower case; platforms compare them letter by letter`,
      sent,
    );
  // Only words of the server's own: what a browser's ID begins with may be anything.
  const prefix = /^[a-z]{1,30}[:_-]/i.exec(eventId)?.[0];
  const hint =
    prefix === undefined || id.startsWith(prefix) ? '' : ` (the server's begin with "${prefix}")`;
  return finding(
    event,
    'prefix',
    `${name}: event IDs end alike and begin otherwise${hint}; give the browser the server's`,
    sent,
  );
}

function finding(
  event: BrowserEvent,
  cause: DeduplicationCause,
  message: string,
  sent?: SentEvent,
): Finding {
  const browser = idText(event);
  return {
    name: event.name,
    cause,
    example: {
      ...(browser !== '' && { browser }),
      ...(sent !== undefined && { server: sent.eventId }),
    },
    message,
  };
}

function grouped(findings: readonly Finding[]): readonly DeduplicationFinding[] {
  const groups = new Map<string, { first: Finding; events: number }>();
  for (const first of findings) {
    const group = groups.get(first.message);
    if (group === undefined) groups.set(first.message, { first, events: 1 });
    else group.events += 1;
  }
  return [...groups.values()]
    .map(({ first, events }) => ({ ...first, events }))
    .sort((one, other) => other.events - one.events);
}

/** It comes from a page, so it may be anything. */
function isBrowserEvent(event: unknown): event is BrowserEvent {
  return (
    typeof event === 'object' && event !== null && 'name' in event && typeof event.name === 'string'
  );
}

function idText({ eventId }: BrowserEvent): string {
  return typeof eventId === 'string' || typeof eventId === 'number' ? String(eventId) : '';
}

function isTooFar({ occurredAt }: BrowserEvent, { occurredAtMs }: SentEvent): boolean {
  const isTime =
    typeof occurredAt === 'string' || typeof occurredAt === 'number' || occurredAt instanceof Date;
  const atMs = isTime ? new Date(occurredAt).getTime() : NaN;
  return atMs > FIRST_PLAUSIBLE_MS && Math.abs(atMs - occurredAtMs) > WINDOW_MS;
}

function pairKey(name: string, id: string): string {
  return JSON.stringify([name, id]);
}

/** `purchase:1042`, `order-1042` and `ORDER1042` have the same core: `1042`. */
function coreOf(id: string): string {
  const text = id.slice(0, MAX_COMPARED).trim().toLowerCase();
  const last = text.split(/[^a-z0-9]/).at(-1) ?? '';
  return last === '' ? text : last.replace(/^[a-z]+(?=\d+$)/, '');
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
