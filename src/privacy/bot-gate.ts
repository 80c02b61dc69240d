import type { EventName } from '../events/tracking-event';

export const BOT_POLICIES = ['skip', 'send'] as const;

/** `skip`: what a bot causes by looking around is sent to nobody. */
export type BotPolicy = (typeof BOT_POLICIES)[number];

/**
 * What a crawler causes by loading pages and following links. The others are facts that the host has confirmed, above
 * all money: they are sent whoever the user agent says it is.
 */
const BROWSING: ReadonlySet<EventName> = new Set<EventName>([
  'page_view',
  'view_item',
  'view_item_list',
  'search',
  'add_to_cart',
  'remove_from_cart',
  'add_to_wishlist',
  'begin_checkout',
]);

/** Looking one up costs some 4 µs, and most visitors share a few hundred. */
const MAX_KNOWN = 1_000;

/** Keeps bots from the destinations and counts them. A user agent that is missing is no bot's. */
export class BotGate {
  private readonly known = new Map<string, boolean>();
  private count = 0;

  private constructor(private readonly isbot: (userAgent: string) => boolean) {}

  /** Loads the patterns, which a host that sends everything never needs. */
  static async open(): Promise<BotGate> {
    const { isbot } = await import('isbot');
    return new BotGate(isbot);
  }

  /** Events that were refused since the start. */
  get skipped(): number {
    return this.count;
  }

  /** Whether the event goes to nobody; if so, it is counted. */
  refuses(name: EventName, userAgent: string | undefined): boolean {
    if (userAgent === undefined || !BROWSING.has(name) || !this.isBot(userAgent)) return false;
    this.count += 1;
    return true;
  }

  isBot(userAgent: string): boolean {
    const known = this.known.get(userAgent);
    if (known !== undefined) return known;
    const isBot = this.isbot(userAgent);
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(userAgent, isBot);
    return isBot;
  }
}
