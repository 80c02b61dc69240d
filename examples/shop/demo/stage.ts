import { ConsoleLogger, type INestApplication, type NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ServerTrackingService } from 'nestjs-server-tracking';
import { PlatformStub } from 'nestjs-server-tracking/testing';

import { AppModule } from '../app.module';
import { APP_OPTIONS } from '../app.options';
import { useDemoEnvironment } from './environment';
import { FakeStripe } from './fake-stripe';

export interface StageOptions {
  /** Default: any free one. */
  readonly port?: number;
  /** Leave the tracking variables of the environment as they are, for real accounts. */
  readonly isLive?: boolean;
  readonly isColourful: boolean;
}

/** The shop, and everything around it that is not real. */
export interface Stage {
  readonly app: INestApplication;
  readonly tracking: ServerTrackingService;
  readonly platforms: PlatformStub;
  readonly stripe: FakeStripe;
  readonly shopUrl: string;
  close(): Promise<void>;
}

export async function setStage(options: StageOptions): Promise<Stage> {
  const platforms = await PlatformStub.start();
  const stripe = await FakeStripe.start();
  const closeStandIns = async (): Promise<void> => {
    await Promise.all([platforms.close(), stripe.close()]);
  };
  if (options.isLive === true) Object.assign(process.env, stripe.env());
  else useDemoEnvironment({ ...platforms.env(), ...stripe.env() });
  const app = await openShop(options).catch(async (error: unknown) => {
    await closeStandIns();
    throw error;
  });
  const shopUrl = await app.getUrl();
  stripe.webhookUrl = `${shopUrl}/webhooks/stripe`;
  return {
    app,
    tracking: app.get(ServerTrackingService),
    platforms,
    stripe,
    shopUrl,
    close: async () => {
      // The shop first: it hands over what is still waiting.
      await app.close();
      await closeStandIns();
    },
  };
}

async function openShop({ port = 0, isColourful }: StageOptions): Promise<INestApplication> {
  const options: Partial<NestApplicationOptions> = {
    ...APP_OPTIONS,
    logger: new ConsoleLogger({ logLevels: ['warn', 'error', 'fatal'], colors: isColourful }),
    abortOnError: false,
  };
  const app = await NestFactory.create(AppModule, options);
  await app.listen(port, '127.0.0.1');
  return app;
}
