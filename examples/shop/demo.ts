import 'reflect-metadata';

import { parseArgs } from 'node:util';

import { createPalette, wantsColour } from './demo/palette';
import { play } from './demo/play';
import { serve } from './demo/serve';
import { setStage } from './demo/stage';
import { Teller } from './demo/teller';

const HELP = `npm run demo [-- --serve | --live | --help]

Without options: starts the shop of examples/shop and a server that stands in for Meta, TikTok, GA4 and
a GTM container. A visitor comes by an ad, consents, signs up and buys; the webhook comes to a second
process. Another one says no, and the first one takes consent back. Every request that a platform receives
is checked. Needs no network; ends with 0 if everything arrived as told, else with 1.

  --serve   leaves the shop open, to play with it by curl
  --live    the same with real accounts: tracking variables are taken from the environment and .env
  --help    this

Port of the shop with --serve and --live: PORT, else 3000.

Real accounts, with test codes so that the events show in the platforms' test views:

  META_PIXEL_ID, META_CONVERSIONS_API_ACCESS_TOKEN      Events Manager > dataset > Settings
    META_TEST_EVENT_CODE                                Events Manager > dataset > Test events
  TIKTOK_PIXEL_ID, TIKTOK_EVENTS_API_ACCESS_TOKEN       Events Manager > pixel > Settings
    TIKTOK_TEST_EVENT_CODE                              Events Manager > pixel > Test events
  GA4_MEASUREMENT_ID, GA4_API_SECRET, GA4_REGION        Admin > Data streams > Measurement Protocol
  GTM_SERVER_CONTAINER_URL, GTM_MEASUREMENT_ID          your server container

A platform without its variables is left out:

  META_PIXEL_ID=… META_CONVERSIONS_API_ACCESS_TOKEN=… META_TEST_EVENT_CODE=TEST123 npm run demo -- --live
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      serve: { type: 'boolean', default: false },
      live: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const isColourful = wantsColour(process.stdout, process.env);
  const teller = new Teller(createPalette(isColourful), (line) => {
    process.stdout.write(`${line}\n`);
  });
  if (values.serve || values.live) await openShop(teller, isColourful, values.live);
  else await tellStory(teller, isColourful);
}

async function tellStory(teller: Teller, isColourful: boolean): Promise<void> {
  const startedAtMs = performance.now();
  const stage = await setStage({ isColourful });
  try {
    teller.title(
      'A shop that tracks on the server: a visitor consents, signs up, buys, and changes his mind',
      `The shop runs at ${stage.shopUrl}; all platforms and Stripe are stand-ins on this machine.`,
    );
    await play(stage, teller);
    if (!teller.end((performance.now() - startedAtMs) / 1_000)) process.exitCode = 1;
  } finally {
    await stage.close();
  }
}

async function openShop(teller: Teller, isColourful: boolean, isLive: boolean): Promise<void> {
  const port = Number(process.env.PORT ?? 3000);
  const stage = await setStage({ port, isLive, isColourful });
  // Closes what is not real as well, and removes its files.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stage.close());
  serve(stage, teller, isLive);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
