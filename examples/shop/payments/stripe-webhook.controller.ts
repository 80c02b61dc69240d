import {
  BadRequestException,
  Controller,
  Headers,
  HttpCode,
  Post,
  Req,
  type RawBodyRequest,
} from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Request } from 'express';
import type { TrackReceipt } from 'nestjs-server-tracking';
import Stripe from 'stripe';

import { PaymentsService } from './payments.service';

/** Stripe's dashboard shows this answer beside the delivery: there one sees what became of a purchase. */
interface WebhookAnswer {
  readonly received: true;
  readonly tracking?: Pick<TrackReceipt, 'eventId' | 'status' | 'destinations'>;
}

@Controller('webhooks/stripe')
export class StripeWebhookController {
  private readonly secret: string;

  constructor(
    private readonly stripe: Stripe,
    private readonly payments: PaymentsService,
    config: ConfigService,
  ) {
    this.secret = config.getOrThrow<string>('STRIPE_WEBHOOK_SECRET');
  }

  @Post()
  @HttpCode(200)
  async receive(
    @Req() request: RawBodyRequest<Request>,
    @Headers('stripe-signature') signature?: string,
  ): Promise<WebhookAnswer> {
    const receipt = await this.payments.handle(this.verify(request.rawBody, signature));
    if (receipt === undefined) return { received: true };
    const { eventId, status, destinations } = receipt;
    return { received: true, tracking: { eventId, status, destinations } };
  }

  private verify(rawBody: Buffer | undefined, signature: string | undefined): Stripe.Event {
    try {
      return this.stripe.webhooks.constructEvent(rawBody ?? '', signature ?? '', this.secret);
    } catch {
      // The error holds the body, so it is neither logged nor passed on.
      throw new BadRequestException('The signature does not match');
    }
  }
}
