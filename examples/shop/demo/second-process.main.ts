import 'reflect-metadata';

import { openShop } from './open-shop';

/** What `SecondProcess` starts: the shop once more, until the first process lets go of it or is gone. */
async function main(): Promise<void> {
  const app = await openShop({ isColourful: false });
  process.once('disconnect', () => void app.close());
  process.send?.(await app.getUrl());
}

void main();
