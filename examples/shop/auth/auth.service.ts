import { randomBytes, randomUUID } from 'node:crypto';

import { ConflictException, Injectable } from '@nestjs/common';
import { ServerTrackingService } from 'nestjs-server-tracking';

import type { RegisterDto } from './register.dto';
import type { User } from './user';

export interface Registration {
  readonly user: Pick<User, 'id' | 'email'>;
  /** For `Authorization: Bearer …`. */
  readonly token: string;
  /** For the browser pixel: `fbq('track', 'CompleteRegistration', {}, { eventID: eventId })`. */
  readonly eventId: string;
}

/** Customers and their sessions; in memory, because this is an example. */
@Injectable()
export class AuthService {
  private readonly usersByEmail = new Map<string, User>();
  private readonly usersByToken = new Map<string, User>();

  constructor(private readonly tracking: ServerTrackingService) {}

  async register(dto: RegisterDto): Promise<Registration> {
    const user = this.create(dto);
    // Waits for the storage only, never for a platform, and never throws.
    const { eventId } = await this.tracking.trackRegistration({
      eventId: dto.eventId,
      method: 'email',
      user,
    });
    return { user: { id: user.id, email: user.email }, token: this.openSession(user), eventId };
  }

  userOf(token: string): User | undefined {
    return this.usersByToken.get(token);
  }

  remove(user: User): void {
    this.usersByEmail.delete(user.email.toLowerCase());
    for (const [token, { id }] of this.usersByToken)
      if (id === user.id) this.usersByToken.delete(token);
  }

  private create({ email, fullName, phone }: RegisterDto): User {
    const key = email.toLowerCase();
    if (this.usersByEmail.has(key)) throw new ConflictException('This e-mail has an account');
    const user: User = { id: `user_${randomUUID()}`, email, fullName, phone };
    this.usersByEmail.set(key, user);
    return user;
  }

  private openSession(user: User): string {
    const token = randomBytes(32).toString('base64url');
    this.usersByToken.set(token, user);
    return token;
  }
}
