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
import { StripeTrackingService, type StripeTrackResult } from 'nestjs-server-tracking/stripe';
import Stripe from 'stripe';

import { itemsOf } from '../orders/order';
import { PaymentsService } from './payments.service';

@Controller('webhooks/stripe')
export class StripeWebhookController {
  private readonly secret: string;

  constructor(
    private readonly stripe: Stripe,
    private readonly payments: PaymentsService,
    private readonly tracking: StripeTrackingService,
    config: ConfigService,
  ) {
    this.secret = config.getOrThrow<string>('STRIPE_WEBHOOK_SECRET');
  }

  /** @returns what Stripe's dashboard shows beside the delivery: there one sees what became of a purchase. */
  @Post()
  @HttpCode(200)
  receive(
    @Req() request: RawBodyRequest<Request>,
    @Headers('stripe-signature') signature?: string,
  ): Promise<StripeTrackResult> {
    const event = this.verify(request.rawBody, signature);
    const order = this.payments.settle(event);
    // Stripe tells what was paid; what was sold the shop knows better.
    return this.tracking.trackStripeEventOrFail(event, { items: order && itemsOf(order) });
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
