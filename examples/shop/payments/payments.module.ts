import { Module } from '@nestjs/common';

import { OrdersModule } from '../orders/orders.module';
import { PaymentsService } from './payments.service';
import { StripeWebhookController } from './stripe-webhook.controller';
import { StripeModule } from './stripe.module';

@Module({
  imports: [OrdersModule, StripeModule],
  controllers: [StripeWebhookController],
  providers: [PaymentsService],
})
export class PaymentsModule {}
