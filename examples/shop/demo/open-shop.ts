import { ConsoleLogger, type INestApplication, type NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { AppModule } from '../app.module';
import { APP_OPTIONS } from '../app.options';

export interface ShopOptions {
  /** Default: any free one. */
  readonly port?: number;
  readonly isColourful: boolean;
}

/** The shop as `main.ts` starts it, but on this machine alone, and quiet. */
export async function openShop({ port = 0, isColourful }: ShopOptions): Promise<INestApplication> {
  const options: Partial<NestApplicationOptions> = {
    ...APP_OPTIONS,
    logger: new ConsoleLogger({ logLevels: ['warn', 'error', 'fatal'], colors: isColourful }),
    abortOnError: false,
  };
  const app = await NestFactory.create(AppModule, options);
  await app.listen(port, '127.0.0.1');
  return app;
}
