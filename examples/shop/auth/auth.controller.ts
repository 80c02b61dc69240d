import { Body, Controller, Post } from '@nestjs/common';

import { AuthService, type Registration } from './auth.service';
import { RegisterDto } from './register.dto';

@Controller('auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @Post('register')
  register(@Body() dto: RegisterDto): Promise<Registration> {
    return this.auth.register(dto);
  }
}
