import { Injectable } from '@nestjs/common';
import { ServerTrackingService } from 'nestjs-server-tracking';

import { AuthService } from '../auth/auth.service';
import type { User } from '../auth/user';

/** What a customer may ask of the shop. All of it rejects where the storage is out of reach: then ask again. */
@Injectable()
export class PrivacyService {
  constructor(
    private readonly auth: AuthService,
    private readonly tracking: ServerTrackingService,
  ) {}

  /** Holds at once, in every process, and for what is already on its way. */
  withdraw(user: User) {
    return this.tracking.consent.withdraw(user.id);
  }

  async export(user: User) {
    return { account: user, tracking: await this.tracking.exportPerson(user.id) };
  }

  async erase(user: User) {
    const report = await this.tracking.erase(user.id);
    // Last, so that a customer whose erasure failed can ask again.
    this.auth.remove(user);
    return report;
  }
}
