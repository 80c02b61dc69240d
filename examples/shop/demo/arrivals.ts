import type { PlatformName, ReceivedRequest } from 'nestjs-server-tracking/testing';

import { layOut, maskUrl } from './layout';

export type Fields = Readonly<Record<string, unknown>>;

/** One event as a platform got it, with what the request said around it. */
export interface Arrival {
  readonly platform: PlatformName;
  /** Method and path, secrets masked. */
  readonly line: string;
  readonly event: Fields;
  readonly envelope: Fields;
}

export const PLATFORM_TITLES: Readonly<Record<PlatformName, string>> = {
  meta: 'Meta',
  tiktok: 'TikTok',
  ga4: 'GA4',
  serverGtm: 'GTM',
};

/** Takes requests apart: Meta and TikTok have the events in `data`, the Measurement Protocol in `events`. */
export function arrivalsOf(requests: readonly ReceivedRequest[]): Arrival[] {
  return requests.flatMap(({ platform, method, url, headers, json }) => {
    if (platform === undefined || typeof json !== 'object' || json === null) return [];
    const { data, events, ...rest } = json as Fields;
    // TikTok's token travels in a header.
    const envelope = { ...rest, 'access-token': headers['access-token'] };
    const list = (data ?? events ?? []) as readonly Fields[];
    return list.map((event) => ({ platform, line: `${method} ${maskUrl(url)}`, event, envelope }));
  });
}

/** An arrival as lines of text, one field a line. */
export function describeArrival({ event, envelope }: Arrival, width: number): string[] {
  return layOut({ ...event, ...envelope }, width);
}

/** A value somewhere in an arrival, by its path: `user_data.em.0`. */
export function fieldOf({ event, envelope }: Arrival, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null ? (value as Fields)[key] : undefined,
      { ...envelope, ...event },
    );
}
