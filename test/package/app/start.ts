import { Logger, Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** From the command line; the default where nothing is said. */
export const transport = process.argv[2] === 'undici' ? 'undici' : 'http';

@Module({})
class AppModule {}

/** Starts an application of these modules and services, which says only what is wrong. */
export function start({
  imports = [],
  providers = [],
}: Pick<DynamicModule, 'imports' | 'providers'>): Promise<INestApplicationContext> {
  Logger.overrideLogger(['error', 'warn']);
  return NestFactory.createApplicationContext({ module: AppModule, imports, providers });
}
