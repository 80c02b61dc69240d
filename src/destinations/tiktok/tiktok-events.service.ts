import { Inject, Injectable } from '@nestjs/common';

import type { TrackOptions, TrackReceipt } from '../../events/receipt';
import type { InputOf, TrackingEvent } from '../../events/tracking-event';
import { TRACKING_DOOR } from '../../tracking.tokens';
import { SingleDestinationService } from '../single-destination.service';
import type { TrackingDoor } from '../tracking-door';

/** The same line, limited to TikTok's Events API. */
@Injectable()
export class TikTokEventsService extends SingleDestinationService {
  constructor(@Inject(TRACKING_DOOR) door: TrackingDoor) {
    super(door, 'tiktok');
  }

  /** Any canonical event. Never rejects: what is wrong is in the receipt. */
  trackEvent(event: TrackingEvent, options?: TrackOptions): Promise<TrackReceipt> {
    return this.sendEvent(event, options);
  }

  /** Never rejects: what is wrong is in the receipt. */
  trackAddToCart(input: InputOf<'add_to_cart'>, options?: TrackOptions): Promise<TrackReceipt> {
    return this.send('add_to_cart', input, options);
  }
}
