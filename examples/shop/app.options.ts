import type { NestApplicationOptions } from '@nestjs/common';

/** What the shop needs of Nest: Stripe signs the bytes of the body, so the raw ones are kept. */
export const APP_OPTIONS: Partial<NestApplicationOptions> = { rawBody: true };
