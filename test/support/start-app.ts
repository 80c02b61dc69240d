import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';

export type Platform = 'express' | 'fastify';
export const PLATFORMS: readonly Platform[] = ['express', 'fastify'];

export interface RunningApp {
  readonly app: INestApplication;
  readonly url: string;
}

/** A real Nest application that listens on a free port of 127.0.0.1. */
export async function startApp(platform: Platform, metadata: ModuleMetadata): Promise<RunningApp> {
  const builder = Test.createTestingModule(metadata);
  const module = await builder.compile();
  const options = { logger: false, rawBody: true } as const;
  const app =
    platform === 'express'
      ? module.createNestApplication(options)
      : module.createNestApplication(new FastifyAdapter(), options);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}
