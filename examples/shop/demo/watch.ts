import type { StripeTrackResult } from 'nestjs-server-tracking/stripe';
import type { PlatformName } from 'nestjs-server-tracking/testing';

import { settle } from './acts';
import { arrivalsOf, fieldOf, PLATFORM_TITLES, type Arrival } from './arrivals';
import type { Answer } from './ask';
import { layOut } from './layout';
import type { Stage } from './stage';
import type { Teller } from './teller';

const PLATFORMS = Object.keys(PLATFORM_TITLES) as PlatformName[];

/** Somebody did something, and this is what the platforms received because of it. */
export interface Watched<Body> {
  readonly answer: Answer<Body>;
  readonly arrivals: readonly Arrival[];
}

export async function watch<Body>(
  stage: Stage,
  act: () => Promise<Answer<Body>>,
): Promise<Watched<Body>> {
  const before = stage.platforms.requests.length;
  const answer = await act();
  await settle(stage);
  const arrivals = arrivalsOf(stage.platforms.requests.slice(before));
  // They arrive side by side; the story tells them in one order.
  arrivals.sort((a, b) => PLATFORMS.indexOf(a.platform) - PLATFORMS.indexOf(b.platform));
  return { answer, arrivals };
}

/** What was asked of the shop and what it answered. */
export function tellAnswer(
  teller: Teller,
  request: string,
  { status, tookMs }: Answer<unknown>,
  facts: Readonly<Record<string, unknown>> = {},
): void {
  teller.line(`   ${request} → ${status} in ${tookMs.toFixed(0)} ms`);
  teller.facts(facts);
}

/** What became of a Stripe event, for every destination. */
export function resultFacts({ body }: Answer<StripeTrackResult>): Record<string, unknown> {
  if (body.kind === 'ignored') return { ignored: body.reason };
  const { eventId, status, destinations } = body.receipt;
  const ends = Object.entries(destinations).map(([name, receipt]) => [
    name,
    receipt.kind === 'skipped' ? receipt.reason : receipt.kind,
  ]);
  return { [body.event]: status, eventId, to: Object.fromEntries(ends) };
}

/** Which event each platform got, in short. */
export function inShort(arrivals: readonly Arrival[]): string[] {
  return arrivals.map(
    ({ platform, event }) =>
      `${PLATFORM_TITLES[platform]} ${String(event.event_name ?? event.event ?? event.name)}`,
  );
}

export function isOneEach(arrivals: readonly Arrival[]): boolean {
  return arrivals.map(({ platform }) => platform).join() === PLATFORMS.join();
}

/** A platform, a path in what it got, and what has to stand there. */
export type ExpectedField = readonly [PlatformName, string, unknown];

/** One claim over several fields; the fields that are wrong are named below it. */
export function claimFields(
  teller: Teller,
  text: string,
  arrivals: readonly Arrival[],
  fields: readonly ExpectedField[],
): void {
  const at = (platform: PlatformName, path: string) => {
    const arrival = arrivals.find((candidate) => candidate.platform === platform);
    return arrival && fieldOf(arrival, path);
  };
  const wrong = fields.filter(([platform, path, expected]) => at(platform, path) !== expected);
  teller.claim(text, wrong.length === 0);
  for (const [platform, path, expected] of wrong) {
    const facts = { [`${platform} ${path}`]: { expected, got: at(platform, path) } };
    for (const line of layOut(facts)) teller.line(`     ${line}`);
  }
}
