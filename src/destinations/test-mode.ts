import type { ProtectedEvent } from '../events/protected-event';
import type { WireEvent } from '../events/wire-event';
import type { DeliveryOutcome, Destination, Encoding } from './destination';

/** A mode in which a destination is tried out. Forgotten in production it spoils or loses conversions. */
export interface TestMode<Settings> {
  /** The option that turns it on: `testEventCode`. */
  readonly option: string;
  /** What it does to events, for the person who forgot it. */
  readonly harm: string;
  readonly isOn: (settings: Settings) => boolean;
  /** The same settings without it. They must encode alike: what waits was encoded before. */
  readonly off: (settings: Settings) => Settings;
}

/** One destination that sends in its test mode up to a moment, and as usual from then on. */
export class TestModeUntil implements Destination {
  readonly name: string;
  readonly limits: Destination['limits'];
  readonly requiredConsent: Destination['requiredConsent'];
  readonly limitsPersonalizationIn: Destination['limitsPersonalizationIn'];
  readonly usesConsent: Destination['usesConsent'];
  readonly userDataForms: Destination['userDataForms'];
  readonly matchKeys: Destination['matchKeys'];

  /** @param isOver whether the moment has come. */
  constructor(
    private readonly inTestMode: Destination,
    private readonly usual: Destination,
    private readonly isOver: () => boolean,
  ) {
    this.name = usual.name;
    this.limits = usual.limits;
    this.requiredConsent = usual.requiredConsent;
    this.limitsPersonalizationIn = usual.limitsPersonalizationIn;
    this.usesConsent = usual.usesConsent;
    this.userDataForms = usual.userDataForms;
    this.matchKeys = usual.matchKeys;
  }

  encode(event: ProtectedEvent): Encoding {
    return this.usual.encode(event);
  }

  deliver(batch: readonly WireEvent[], signal: AbortSignal): Promise<readonly DeliveryOutcome[]> {
    return (this.isOver() ? this.usual : this.inTestMode).deliver(batch, signal);
  }
}
