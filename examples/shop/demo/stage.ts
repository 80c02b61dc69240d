import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { INestApplication } from '@nestjs/common';
import { ServerTrackingService } from 'nestjs-server-tracking';
import { PlatformStub } from 'nestjs-server-tracking/testing';

import { useDemoEnvironment } from './environment';
import { FakeStripe } from './fake-stripe';
import { openShop, type ShopOptions } from './open-shop';
import { SecondProcess } from './second-process';

export interface StageOptions extends ShopOptions {
  /** Leave the tracking variables of the environment as they are, for real accounts. */
  readonly isLive?: boolean;
}

/** The shop, and everything around it that is not real. */
export interface Stage {
  readonly app: INestApplication;
  readonly tracking: ServerTrackingService;
  readonly platforms: PlatformStub;
  readonly stripe: FakeStripe;
  readonly shopUrl: string;
  /** Starts the shop once more, in a process of its own, on the same files. */
  openSecond(): Promise<SecondProcess>;
  close(): Promise<void>;
}

export async function setStage(options: StageOptions): Promise<Stage> {
  const platforms = await PlatformStub.start();
  const stripe = await FakeStripe.start();
  const folder = mkdtempSync(join(tmpdir(), 'shop-'));
  let second: SecondProcess | undefined;
  const clearAway = async (): Promise<void> => {
    await second?.close();
    await Promise.all([platforms.close(), stripe.close()]);
    rmSync(folder, { recursive: true, force: true });
  };
  const always = { ...stripe.env(), SHOP_ORDERS_FOLDER: join(folder, 'orders') };
  if (options.isLive === true) Object.assign(process.env, always);
  else useDemoEnvironment({ ...platforms.env(), ...storageEnv(folder), ...always });
  const app = await openShop(options).catch(async (error: unknown) => {
    await clearAway();
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
    openSecond: async () => (second ??= await SecondProcess.start()),
    close: async () => {
      // The shop first: it hands over what is still waiting.
      await app.close();
      await clearAway();
    },
  };
}

/** Where events, contexts and the audit log live; sealed with a key that nobody keeps. */
function storageEnv(folder: string): Record<string, string> {
  return {
    TRACKING_STORAGE_URL: `file:${join(folder, 'tracking.db')}`,
    TRACKING_AUDIT_URL: `file:${join(folder, 'audit.db')}`,
    TRACKING_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
}
