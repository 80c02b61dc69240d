import { Body, Controller, Post, Req } from '@nestjs/common';
import type { Request } from 'express';

import { AuthService, type Registration } from './auth.service';
import { RegisterDto } from './register.dto';

@Controller('auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @Post('register')
  register(@Body() dto: RegisterDto, @Req() request: Request): Promise<Registration> {
    return this.auth.register(dto, request);
  }
}
