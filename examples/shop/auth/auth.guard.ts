import {
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { Request } from 'express';

import { AuthService } from './auth.service';
import type { User } from './user';

export interface AuthenticatedRequest extends Request {
  user: User;
}

/** Lets requests of signed-in customers pass and says who they are in `request.user`. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(private readonly auth: AuthService) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const [, token = ''] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
    const user = this.auth.userOf(token);
    if (user === undefined) throw new UnauthorizedException();
    request.user = user;
    return true;
  }
}
