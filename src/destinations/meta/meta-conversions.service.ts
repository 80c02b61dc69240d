import { Inject, Injectable } from '@nestjs/common';

import type { TrackOptions, TrackReceipt } from '../../events/receipt';
import type { TrackingEvent } from '../../events/tracking-event';
import { TRACKING_DOOR } from '../../tracking.tokens';
import { SingleDestinationService } from '../single-destination.service';
import type { TrackingDoor } from '../tracking-door';

/** The same line, limited to Meta's Conversions API. */
@Injectable()
export class MetaConversionsService extends SingleDestinationService {
  constructor(@Inject(TRACKING_DOOR) door: TrackingDoor) {
    super(door, 'meta');
  }

  /** Any canonical event. Never rejects: what is wrong is in the receipt. */
  trackConversion(event: TrackingEvent, options?: TrackOptions): Promise<TrackReceipt> {
    return this.sendEvent(event, options);
  }
}
