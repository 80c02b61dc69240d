import { Body, Controller, Post, Req, UseGuards } from '@nestjs/common';

import { AuthGuard, type AuthenticatedRequest } from '../auth/auth.guard';
import { CheckoutDto } from './checkout.dto';
import { CheckoutService, type Checkout } from './checkout.service';

@Controller('checkout')
@UseGuards(AuthGuard)
export class CheckoutController {
  constructor(private readonly checkouts: CheckoutService) {}

  @Post()
  checkout(@Body() dto: CheckoutDto, @Req() { user }: AuthenticatedRequest): Promise<Checkout> {
    return this.checkouts.checkout(user, dto);
  }
}
