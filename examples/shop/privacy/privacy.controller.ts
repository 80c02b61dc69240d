import { Controller, Delete, Get, HttpCode, Post, Req, UseGuards } from '@nestjs/common';

import { AuthGuard, type AuthenticatedRequest } from '../auth/auth.guard';
import { PrivacyService } from './privacy.service';

@Controller()
@UseGuards(AuthGuard)
export class PrivacyController {
  constructor(private readonly privacy: PrivacyService) {}

  @Post('consent/withdraw')
  @HttpCode(200)
  withdraw(@Req() { user }: AuthenticatedRequest) {
    return this.privacy.withdraw(user);
  }

  @Get('account/export')
  export(@Req() { user }: AuthenticatedRequest) {
    return this.privacy.export(user);
  }

  @Delete('account')
  erase(@Req() { user }: AuthenticatedRequest) {
    return this.privacy.erase(user);
  }
}
